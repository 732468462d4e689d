//! Takes how a command went in each place; gives one answer and one exit code for all of them: the worst counts. Never hides a place that
//! failed behind those that did not.

use std::process::ExitCode;

use anyhow::bail;
use mirror_core::report::Text;
use serde::Serialize;
use serde_json::{Value, json};

use crate::show::{Output, print, show};

/// Something would change.
pub(crate) const CHANGES: u8 = 2;

/// What a command says and how it ends, place by place.
pub(crate) struct Ends {
    output: Output,
    /// Whether the policy names its places: then a program gets a list of documents, be it of one.
    several: bool,
    said: Vec<Value>,
    texts: usize,
    changes: bool,
    failures: Vec<String>,
}

impl Ends {
    /// Nothing yet.
    pub(crate) fn new(output: Output, several: bool) -> Self {
        Self { output, several, said: Vec::new(), texts: 0, changes: false, failures: Vec::new() }
    }

    /// Says what there is to say of a place: at once to a person, and to a program once all are there.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub(crate) fn say<T: Serialize>(&mut self, report: &T, text: impl FnOnce(&T) -> Text) -> anyhow::Result<()> {
        match self.output {
            Output::Json if self.several => self.said.push(serde_json::to_value(report)?),
            Output::Json => show(Output::Json, report, text)?,
            Output::Text => {
                if self.texts > 0 {
                    print("\n")?;
                }
                self.texts += 1;
                show(Output::Text, report, text)?;
            }
        }
        Ok(())
    }

    /// Notes how it went in a place: whether something would change there, or what failed.
    pub(crate) fn note(&mut self, place: &impl ToString, went: anyhow::Result<bool>) {
        match went {
            Ok(changes) => self.changes |= changes,
            Err(error) if self.several => self.failures.push(format!("{}: {error:#}", place.to_string())),
            Err(error) => self.failures.push(format!("{error:#}")),
        }
    }

    /// What a program is told of all places, and the exit code.
    ///
    /// # Errors
    ///
    /// What failed, a line or more for each place.
    pub(crate) fn end(self) -> anyhow::Result<ExitCode> {
        if self.several && self.output == Output::Json {
            show(Output::Json, &json!({ "places": self.said }), |_| Text::default())?;
        }
        if !self.failures.is_empty() {
            bail!("{}", self.failures.join("\n"));
        }
        Ok(if self.changes { ExitCode::from(CHANGES) } else { ExitCode::SUCCESS })
    }
}
