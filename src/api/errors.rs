//! The error table: 217 rows of status, code and message, byte for byte as documented, and four answers without a row.

use std::sync::OnceLock;

/// One row of the error table (`data/errors.csv`).
#[derive(Clone, PartialEq, Eq, Debug, serde::Deserialize)]
pub struct Row {
    /// Number in the order of the document, from 1.
    pub n: u16,
    /// HTTP status. It belongs to the row, never to the code (O1, O2).
    #[serde(rename = "http_status")]
    pub status: u16,
    /// Code.
    pub code: String,
    /// Message as documented; `%s` stands for a text that names the culprit.
    pub message: String,
    /// Phase that answers with it.
    pub phase: String,
    /// When it is answered.
    pub trigger: String,
    /// Parameters involved, joined by `;`.
    pub params: String,
    /// World facts involved.
    pub world_state: String,
    /// `yes`, or `artificial` where only an operator's act or an injected fault leads there.
    #[serde(rename = "reachable_by_create")]
    pub reachable: String,
    /// Ids of the checks that answer with it, joined by `;`.
    pub check_ids: String,
}

impl Row {
    /// True when the message has a place for a text of ours.
    pub fn has_text(&self) -> bool {
        self.message.contains("%s")
    }
}

/// Answers that the table has no row for (G1 to G4).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Extra {
    /// X1: a mandatory parameter is missing; the wording of row 66 with its name.
    MissingParameter(&'static str),
    /// X2: a value is not of the documented set; the wording of row 3 with its name.
    InvalidParameter(&'static str),
    /// X3: a client token came with other parameters.
    TokenMismatch,
    /// X4: a dry run that would have succeeded.
    DryRun,
}

impl Extra {
    /// `X1` to `X4`.
    pub const fn id(self) -> &'static str {
        match self {
            Extra::MissingParameter(_) => "X1",
            Extra::InvalidParameter(_) => "X2",
            Extra::TokenMismatch => "X3",
            Extra::DryRun => "X4",
        }
    }

    /// HTTP status: 400 for all.
    pub const fn status(self) -> u16 {
        400
    }

    /// Code.
    pub const fn code(self) -> &'static str {
        match self {
            Extra::MissingParameter(_) => "MissingParameter",
            Extra::InvalidParameter(_) => "InvalidParameter",
            Extra::TokenMismatch => "IdempotentParameterMismatch",
            Extra::DryRun => "DryRunOperation",
        }
    }

    /// Message.
    pub fn message(self) -> String {
        match self {
            Extra::MissingParameter(name) => format!(
                "The input parameter \"{name}\" that is mandatory for processing this request is not supplied."
            ),
            Extra::InvalidParameter(name) => format!("The specified parameter \"{name}\" is not valid."),
            Extra::TokenMismatch => {
                "The request uses the same client token as a previous, but non-identical request.".to_owned()
            }
            Extra::DryRun => "Request validation has been passed with DryRun flag set.".to_owned(),
        }
    }
}

/// The whole table.
#[derive(Debug)]
pub struct ErrorTable {
    rows: Vec<Row>,
}

impl ErrorTable {
    /// The table that ships with the program, read at the first call; it is tested to be sound.
    pub fn shipped() -> &'static ErrorTable {
        static SHIPPED: OnceLock<ErrorTable> = OnceLock::new();
        SHIPPED.get_or_init(|| {
            let text = include_str!("../../data/errors.csv");
            let rows: Result<Vec<Row>, csv::Error> =
                csv::Reader::from_reader(text.as_bytes()).deserialize().collect();
            match rows {
                Ok(rows) => ErrorTable { rows },
                Err(error) => unreachable!("the shipped table is tested to be sound: {error}"),
            }
        })
    }

    /// Number of conformance cases of each row and of the answers without a row.
    pub fn cases(&self) -> Vec<(String, u32)> {
        let text = include_str!("../../data/error_cases.csv");
        csv::Reader::from_reader(text.as_bytes()).deserialize().flatten().collect()
    }

    /// All rows in document order.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// The row of this number.
    pub fn row(&self, n: u16) -> Option<&Row> {
        self.rows.get(usize::from(n).checked_sub(1)?)
    }
}
