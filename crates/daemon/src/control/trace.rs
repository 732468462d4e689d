//! Takes what shall be kept of the calls; gives their trace. Never keeps it anywhere but in memory.

use axum::body::Bytes;
use axum::extract::State;
use axum::response::IntoResponse;
use mirror_sim::api::Trace;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Answer, Control, answered, said};

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Kept {
    /// Every line: about a hundred bytes a call, for as long as it is kept.
    Lines,
    /// Their digest only.
    Digest,
    Nothing,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    keep: Kept,
}

/// The lines, or what there is instead.
pub(super) async fn read(State(control): State<Control>) -> Answer {
    let api = control.embedded.now();
    match api.trace() {
        Trace::Lines(lines) => Ok(lines.clone().into_response()),
        Trace::Digest(_) => answered(&json!({ "keep": Kept::Digest, "digest": api.trace().digest() })),
        Trace::Off => answered(&json!({ "keep": Kept::Nothing })),
    }
}

/// Begins anew.
pub(super) async fn keep(State(control): State<Control>, body: Bytes) -> Answer {
    let Wish { keep } = said(&body)?;
    control.embedded.now().start_trace(match keep {
        Kept::Lines => Trace::keeping(),
        Kept::Digest => Trace::digesting(),
        Kept::Nothing => Trace::Off,
    });
    answered(&json!({ "keep": keep }))
}
