//! The request: every parameter of CreateInstance, held as text.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::forms;
use super::params::{COMMON, DiskField, Param, Params};
use super::suspect;

/// What is known of the text of `UserData`: decoded once, when it is set.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum UserData {
    /// Not in the request.
    #[default]
    Absent,
    /// Base64 of this many bytes.
    Bytes(u32),
    /// Not Base64.
    Malformed,
}

/// The fields of one `DataDisk.N`, as text.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DataDisk {
    /// N; saturated.
    pub index: u32,
    fields: [Option<Box<str>>; DiskField::ALL.len()],
    /// One bit a field.
    suspects: u16,
}

impl DataDisk {
    /// The text of a field.
    #[inline]
    pub fn text(&self, field: DiskField) -> Option<&str> {
        self.fields[field as usize].as_deref()
    }

    /// True when a rule may object to one of the texts by itself.
    #[inline]
    pub fn suspect(&self) -> bool {
        self.suspects != 0
    }

    fn is_empty(&self) -> bool {
        self.fields.iter().all(Option::is_none)
    }

    fn set(&mut self, field: DiskField, text: Option<&str>) {
        let suspect = text.is_some_and(|text| suspect::disk_text(field, text));
        self.suspects = self.suspects & !(1 << field as u8) | u16::from(suspect) << field as u8;
        self.fields[field as usize] = text.map(Into::into);
    }
}

/// One `Tag.N`; empty texts stay (R3).
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Tag {
    /// N; saturated.
    pub index: u32,
    /// `Tag.N.Key`.
    pub key: Option<Box<str>>,
    /// `Tag.N.Value`.
    pub value: Option<Box<str>>,
    suspect: bool,
}

impl Tag {
    /// True when a rule may object to the tag by itself.
    #[inline]
    pub fn suspect(&self) -> bool {
        self.suspect
    }

    fn judge(&mut self) {
        self.suspect = suspect::tag(self.index, self.key.as_deref(), self.value.as_deref());
    }
}

/// A call of CreateInstance: raw, nothing judged.
///
/// Built from the flat wire form ([`Request::from_params`]), from a JSON object ([`Request::from_json`]) or in code
/// ([`Request::set`] and friends). An empty value is the same as none (R3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Request {
    present: Params,
    suspects: Params,
    /// Empty where a parameter is not in the request.
    texts: [Box<str>; Param::ALL.len()],
    disks: Vec<DataDisk>,
    tags: Vec<Tag>,
    user_data: UserData,
    format: Option<Box<str>>,
    unknown: Vec<Box<str>>,
}

impl Default for Request {
    fn default() -> Request {
        Request {
            present: Params::NONE,
            suspects: Params::NONE,
            texts: std::array::from_fn(|_| Box::default()),
            disks: Vec::new(),
            tags: Vec::new(),
            user_data: UserData::Absent,
            format: None,
            unknown: Vec::new(),
        }
    }
}

/// Index N of a list parameter: plain decimal digits without leading zeros; saturates.
fn list_index(text: &str) -> Option<u32> {
    if text.is_empty() || (text.len() > 1 && text.starts_with('0')) {
        return None;
    }
    forms::integer(text).filter(|_| !text.starts_with('-')).map(|n| u32::try_from(n).unwrap_or(u32::MAX))
}

fn user_data(text: &str) -> UserData {
    // Strict alphabet and padding; the unused bits of the last character are not looked at.
    const STRICT: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
            .with_decode_allow_trailing_bits(true),
    );
    match STRICT.decode(text) {
        Ok(bytes) => UserData::Bytes(u32::try_from(bytes.len()).unwrap_or(u32::MAX)),
        Err(_) => UserData::Malformed,
    }
}

impl Request {
    /// A request of these parameters: name and value, both as on the wire. Of a name that occurs twice the last
    /// value counts.
    pub fn from_params<'a>(params: impl IntoIterator<Item = (&'a str, &'a str)>) -> Request {
        let mut request = Request::default();
        for (name, value) in params {
            request.set_named(name, value);
        }
        request
    }

    /// The smallest complete request: the four mandatory parameters (R1, R2).
    pub fn new(region: &str, image: &str, instance_type: &str) -> Request {
        let mut request = Request::default();
        request
            .set(Param::Action, "CreateInstance")
            .set(Param::RegionId, region)
            .set(Param::ImageId, image)
            .set(Param::InstanceType, instance_type);
        request
    }

    /// Sets a parameter; an empty value removes it.
    pub fn set(&mut self, param: Param, value: &str) -> &mut Request {
        let present = !value.is_empty();
        self.present = self.present.with(param, present);
        self.texts[param as usize] = value.into();
        if param == Param::UserData {
            self.user_data = if present { user_data(value) } else { UserData::Absent };
        }
        self.suspects = self.suspects.with(param, present && suspect::text(param, value));
        self
    }

    /// Sets a field of `DataDisk.N`; an empty value removes it. A disk without any field does not exist.
    pub fn set_disk(&mut self, index: u32, field: DiskField, value: &str) -> &mut Request {
        let at = self.disks.binary_search_by_key(&index, |disk| disk.index);
        if value.is_empty() {
            if let Ok(at) = at {
                self.disks[at].set(field, None);
                if self.disks[at].is_empty() {
                    self.disks.remove(at);
                }
            }
        } else {
            let at = at.unwrap_or_else(|at| {
                self.disks.insert(at, DataDisk { index, ..DataDisk::default() });
                at
            });
            self.disks[at].set(field, Some(value));
        }
        self
    }

    /// Sets `Tag.N`; empty texts count (R3).
    pub fn set_tag(&mut self, index: u32, key: &str, value: &str) -> &mut Request {
        let tag = self.tag_mut(index);
        tag.key = Some(key.into());
        tag.value = Some(value.into());
        tag.judge();
        self
    }

    fn tag_mut(&mut self, index: u32) -> &mut Tag {
        let at = self.tags.binary_search_by_key(&index, |tag| tag.index).unwrap_or_else(|at| {
            self.tags.insert(at, Tag { index, ..Tag::default() });
            at
        });
        &mut self.tags[at]
    }

    /// Sets the parameter of this wire name, such as `DataDisk.1.Size`. Names that CreateInstance does not have are
    /// remembered as [unknown](Request::unknown).
    pub fn set_named(&mut self, name: &str, value: &str) -> &mut Request {
        if let Some(param) = Param::named(name) {
            return self.set(param, value);
        }
        let mut parts = name.splitn(3, '.');
        match (parts.next(), parts.next().and_then(list_index), parts.next()) {
            (Some("DataDisk"), Some(index), Some(field)) => {
                if let Some(field) = DiskField::named(field) {
                    return self.set_disk(index, field, value);
                }
            }
            (Some("Tag"), Some(index), Some("Key")) => {
                let tag = self.tag_mut(index);
                tag.key = Some(value.into());
                tag.judge();
                return self;
            }
            (Some("Tag"), Some(index), Some("Value")) => {
                let tag = self.tag_mut(index);
                tag.value = Some(value.into());
                tag.judge();
                return self;
            }
            _ => {}
        }
        match name {
            "KMSKeyId" => {
                // The bare spelling of the messages (R128); the full name wins when both are there.
                let named = self.disk(1).is_some_and(|disk| disk.text(DiskField::KmsKeyId).is_some());
                if !named && !value.is_empty() {
                    self.set_disk(1, DiskField::KmsKeyId, value);
                }
            }
            "Format" => self.format = (!value.is_empty()).then(|| value.into()),
            _ if COMMON.contains(&name) => {}
            _ => self.unknown.push(name.into()),
        }
        self
    }

    /// The parameters that occur once and are in the request.
    #[inline]
    pub fn present(&self) -> Params {
        self.present
    }

    /// The parameters to whose text, by itself, a rule may object: found once, when they are set, so that a check of
    /// texts need not read those of a sound request again.
    #[inline]
    pub fn suspects(&self) -> Params {
        self.suspects
    }

    /// True when the parameter is in the request.
    #[inline]
    pub fn has(&self, param: Param) -> bool {
        self.present.has(param)
    }

    /// The text of a parameter; never empty.
    #[inline]
    pub fn text(&self, param: Param) -> Option<&str> {
        // One word knows what is absent: the places of absent texts are not even read.
        if self.has(param) { Some(&self.texts[param as usize]) } else { None }
    }

    /// True when the parameter is in the request with exactly this text.
    #[inline]
    pub fn is(&self, param: Param, value: &str) -> bool {
        self.text(param) == Some(value)
    }

    /// The value of a Boolean parameter; false when it is left out or malformed.
    #[inline]
    pub fn flag(&self, param: Param) -> bool {
        self.text(param).and_then(forms::boolean).unwrap_or(false)
    }

    /// The value of an integer parameter; none when it is left out or malformed.
    #[inline]
    pub fn integer(&self, param: Param) -> Option<i64> {
        self.text(param).and_then(forms::integer)
    }

    /// The data disks by rising N.
    #[inline]
    pub fn disks(&self) -> &[DataDisk] {
        &self.disks
    }

    /// The data disk of this N.
    pub fn disk(&self, index: u32) -> Option<&DataDisk> {
        self.disks.binary_search_by_key(&index, |disk| disk.index).ok().map(|at| &self.disks[at])
    }

    /// The tags by rising N.
    #[inline]
    pub fn tags(&self) -> &[Tag] {
        &self.tags
    }

    /// What is known of `UserData`.
    #[inline]
    pub fn user_data(&self) -> UserData {
        self.user_data
    }

    /// `Format` of the common parameters: JSON or XML (R12).
    pub fn format(&self) -> Option<&str> {
        self.format.as_deref()
    }

    /// Names of parameters that CreateInstance does not have, in the order of their coming.
    pub fn unknown(&self) -> &[Box<str>] {
        &self.unknown
    }

    /// The request as name and value, in the order of the reference, without unknown and common parameters.
    pub fn params(&self) -> impl Iterator<Item = (String, &str)> {
        let plain = Param::ALL.iter().filter_map(|param| Some((param.name().to_owned(), self.text(*param)?)));
        let disks = self.disks.iter().flat_map(|disk| {
            DiskField::ALL.iter().filter_map(|field| {
                Some((format!("DataDisk.{}.{}", disk.index, field.name()), disk.text(*field)?))
            })
        });
        let tags = self.tags.iter().flat_map(|tag| {
            [("Key", &tag.key), ("Value", &tag.value)]
                .into_iter()
                .filter_map(|(part, text)| Some((format!("Tag.{}.{part}", tag.index), text.as_deref()?)))
        });
        plain.chain(disks).chain(tags)
    }

    /// A fingerprint of what a retry must repeat (IDEM-5): every parameter but ClientToken, unknown and common ones.
    pub fn fingerprint(&self) -> u128 {
        let mut hash = blake3::Hasher::new();
        let mut text = |kind: u8, index: u32, field: u8, text: &str| {
            let head = [kind, field];
            hash.update(&head).update(&index.to_le_bytes());
            hash.update(&(text.len() as u64).to_le_bytes()).update(text.as_bytes());
        };
        for param in Param::ALL.iter().filter(|param| **param != Param::ClientToken) {
            if let Some(value) = self.text(*param) {
                text(0, 0, *param as u8, value);
            }
        }
        for disk in &self.disks {
            for field in DiskField::ALL {
                if let Some(value) = disk.text(*field) {
                    text(1, disk.index, *field as u8, value);
                }
            }
        }
        for tag in &self.tags {
            for (field, value) in [(0, &tag.key), (1, &tag.value)] {
                if let Some(value) = value {
                    text(2, tag.index, field, value);
                }
            }
        }
        let bytes = hash.finalize();
        u128::from_le_bytes(std::array::from_fn(|at| bytes.as_bytes()[at]))
    }
}
