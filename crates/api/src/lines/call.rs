//! One line, read as a call.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::types::{Code, Refusal};

/// A call as a client writes it. Its arguments stay text: only the contract knows their shape.
#[derive(Deserialize)]
pub(super) struct Call<'a> {
    /// Chosen by the client, and given back with the answer.
    #[serde(borrow, default)]
    id: Option<&'a RawValue>,
    /// Name of the call.
    #[serde(borrow)]
    pub(super) call: Cow<'a, str>,
    /// Its arguments; none is an empty object.
    #[serde(borrow, default)]
    args: Option<&'a RawValue>,
}

impl<'a> Call<'a> {
    /// Reads a line; nothing has been asked for on error.
    pub(super) fn parse(line: &'a [u8]) -> Result<Call<'a>, Refusal> {
        serde_json::from_slice(line).map_err(|error| not_a_call(&error.to_string()))
    }

    pub(super) fn id(&self) -> &'a RawValue {
        self.id.unwrap_or(RawValue::NULL)
    }

    pub(super) fn args(&self) -> &'a str {
        self.args.map_or("{}", RawValue::get)
    }
}

/// Why a line is not read as a call.
pub(super) fn not_a_call(why: &str) -> Refusal {
    Refusal::new(Code::BadArguments, format!("not a call: {why}"))
}
