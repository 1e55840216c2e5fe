//! CreateInstance as on the wire: requests and their parameters, the error table, answers as JSON and XML.
//!
//! A [`Request`] is raw: every parameter is held as text, found once, whatever its form. The rules of
//! [`crate::validate`] judge the texts, in their own order; nothing is refused while a request is built. Parameters
//! that CreateInstance does not have are ignored, as on the wire, and listed by [`Request::unknown`] for callers
//! that want to be strict.

mod errors;
pub mod forms;
mod json;
mod params;
mod request;
mod response;
mod suspect;
#[cfg(test)]
mod tests;

pub use errors::{ErrorTable, Extra, Row};
pub use json::RequestJsonError;
pub use params::{DiskField, Param, Params};
pub use request::{DataDisk, Request, Tag, UserData};
pub use response::{Format, failure, success};
