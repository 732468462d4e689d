//! Takes how time shall pass in an embedded cloud; lets it pass so. Never lets it go back.

use axum::body::Bytes;
use axum::extract::State;
use mirror_core::Time;
use serde::{Deserialize, Serialize};

use super::lasting::Lasting;
use super::{Answer, Control, Refusal, answered, said};
use crate::pace::{FARTHEST, FASTEST};

#[derive(Debug, Serialize)]
struct Clock {
    now: Time,
    speed: f64,
    stopped: bool,
    /// Whether a request has to be signed within 15 minutes of it.
    checked: bool,
}

/// What is not said stays as it is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Change {
    speed: Option<f64>,
    stopped: Option<bool>,
    advance: Option<Lasting>,
    checked: Option<bool>,
}

pub(super) async fn read(State(control): State<Control>) -> Answer {
    let pace = &control.embedded.pace;
    let checked = control.embedded.now().clocks_are_checked();
    answered(&Clock { now: pace.now(), speed: pace.speed(), stopped: pace.is_stopped(), checked })
}

pub(super) async fn change(State(control): State<Control>, body: Bytes) -> Answer {
    let Change { speed, stopped, advance, checked } = said(&body)?;
    if let Some(speed) = speed.filter(|speed| !(0.01..=FASTEST).contains(speed)) {
        return Err(Refusal::wrong(format!("`speed` is {speed}: write a number from 0.01 to {FASTEST}")));
    }
    if let Some(by) = advance.filter(|by| by.0 > FARTHEST) {
        let farthest = Lasting(FARTHEST);
        return Err(Refusal::wrong(format!("`advance` is {by}: write a duration from 0s to {farthest}")));
    }
    let pace = &control.embedded.pace;
    speed.iter().for_each(|speed| pace.go(*speed));
    stopped.iter().for_each(|stopped| pace.stop(*stopped));
    advance.iter().for_each(|by| pace.advance(by.0));
    checked.iter().for_each(|checked| control.embedded.now().check_clocks(*checked));
    // What happens until then has happened when this is answered.
    drop(control.embedded.now());
    read(State(control)).await
}
