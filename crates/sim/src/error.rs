//! Takes what went wrong; gives the error that AWS would answer: a code as it is on the wire, a message, and an HTTP status. Never
//! decides what follows from it.

use std::fmt;

/// An error that the API answers.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// AWS's code, as it is on the wire, which for several is not the documented one.
    pub code: String,
    /// What AWS tells a person.
    pub message: String,
    /// The HTTP status. Source: "Error codes for the Amazon EC2 API": client errors 4xx, server errors 5xx.
    pub status: u16,
}

impl ApiError {
    /// A client error, with status 400.
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), status: 400 }
    }

    /// The same error with another status.
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    pub(crate) fn invalid_value(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterValue", message)
    }

    pub(crate) fn invalid_combination(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterCombination", message)
    }

    pub(crate) fn missing_parameter(name: impl fmt::Display) -> Self {
        Self::new("MissingParameter", format!("The request must contain the parameter {name}"))
    }

    /// The answer to a dry run that would have succeeded: AWS sends it as an error.
    pub(crate) fn dry_run() -> Self {
        Self::new("DryRunOperation", "Request would have succeeded, but DryRun flag is set.").with_status(412)
    }
}
