//! Takes rules about what goes wrong, in JSON; adds them to an embedded cloud, lists them and ends them. Never takes one that could befall
//! no call.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use mirror_core::Time;
use mirror_core::ids::AccountId;
use mirror_sim::api::{Effect, Fault, Turn, actions_like};
use mirror_sim::{ApiError, Caller, Request};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::lasting::Lasting;
use super::settings::odds;
use super::{Answer, Control, Refusal, answered, check_account, said};

/// A rule: what befalls which calls. Everything but the effect can be left out.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct FaultWish {
    effect: EffectWish,
    /// Actions, with wildcards; none for every action.
    #[serde(default)]
    actions: Vec<String>,
    caller: Option<CallerWish>,
    #[serde(default)]
    turn: TurnWish,
    /// From 0 to 1.
    #[serde(default = "always")]
    odds: f64,
    from: Option<Time>,
    until: Option<Time>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum EffectWish {
    Error {
        code: String,
        #[serde(default)]
        message: String,
        status: u16,
    },
    LostBefore,
    LostAfter,
    Latency(Lasting),
    ShortPage(i32),
    SkippingPage(usize),
    CutPage(usize),
    EmptyList,
    Shuffled,
    Denied,
    Cut(usize),
    AnotherAccount(AccountId),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CallerWish {
    account: AccountId,
    principal: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum TurnWish {
    #[default]
    Every,
    Nth(u64),
    EveryNth(u64),
}

fn always() -> f64 {
    1.0
}

pub(super) async fn list(State(control): State<Control>) -> Answer {
    let set = control.set();
    let numbered: Vec<_> =
        set.faults.iter().map(|(number, fault)| json!({ "number": number, "fault": fault })).collect();
    answered(&json!({ "faults": numbered }))
}

pub(super) async fn add(State(control): State<Control>, body: Bytes) -> Answer {
    let wish: FaultWish = said(&body)?;
    let fault = fault(&wish)?;
    let mut set = control.set();
    let number = control.embedded.now().add_fault(fault);
    set.faults.push((number, wish.clone()));
    answered(&json!({ "number": number, "fault": wish }))
}

pub(super) async fn end(State(control): State<Control>, Path(number): Path<String>) -> Answer {
    let mut set = control.set();
    let known: Vec<String> = set.faults.iter().map(|(number, _)| number.to_string()).collect();
    let ended = number.parse().is_ok_and(|number| control.embedded.now().end_fault(number));
    if !ended {
        let known = if known.is_empty() { "there are none".into() } else { format!("there are {}", known.join(", ")) };
        return Err(Refusal::new(StatusCode::NOT_FOUND, format!("there is no fault `{number}`: {known}")));
    }
    set.faults.retain(|(other, _)| other.to_string() != number);
    answered(&json!({ "ended": number }))
}

pub(super) async fn end_all(State(control): State<Control>) -> Answer {
    let mut set = control.set();
    control.embedded.now().end_faults();
    let ended: Vec<u64> = set.faults.drain(..).map(|(number, _)| number).collect();
    answered(&json!({ "ended": ended }))
}

fn fault(wish: &FaultWish) -> Result<Fault, Refusal> {
    let FaultWish { effect, actions, caller, turn, odds: often, from, until } = wish;
    let (from, until) = (from.unwrap_or(Time::MIN), until.unwrap_or(Time::MAX));
    if from >= until {
        return Err(Refusal::wrong(format!("`until` is {until}, which is not after `from`, {from}")));
    }
    let fault = Fault::new(self::effect(effect)?).by_turns(self::turn(turn)?).between(from, until);
    let fault = fault.with_odds(odds("odds", *often)?);
    let fault = caller
        .iter()
        .fold(fault, |fault, CallerWish { account, principal }| fault.of(Caller::new(account.clone(), principal)));
    actions.iter().try_fold(fault, |fault, pattern| match actions_like(pattern).next() {
        Some(_) => Ok(fault.on(pattern)),
        None => Err(Refusal::wrong(format!(
            "no action is like `{pattern}`: there are {}",
            Request::every_action().collect::<Vec<_>>().join(", ")
        ))),
    })
}

fn effect(wish: &EffectWish) -> Result<Effect, Refusal> {
    let wrong = |name: &str, value: &dyn std::fmt::Display, allowed: &str| {
        Err(Refusal::wrong(format!("`{name}` is {value}: write {allowed}")))
    };
    Ok(match wish {
        EffectWish::Error { status, .. } if !(400..=599).contains(status) => {
            return wrong("status", status, "a number from 400 to 599");
        }
        EffectWish::Error { code, message, status } => {
            Effect::Error(ApiError::new(code, message.clone()).with_status(*status))
        }
        EffectWish::LostBefore => Effect::LostBefore,
        EffectWish::LostAfter => Effect::LostAfter,
        EffectWish::Latency(more) => Effect::Latency(more.0),
        EffectWish::ShortPage(size) if *size < 5 => {
            return wrong("shortPage", size, "5 or more: AWS has no smaller pages");
        }
        EffectWish::ShortPage(size) => Effect::ShortPage(*size),
        EffectWish::SkippingPage(most) => Effect::SkippingPage(*most),
        EffectWish::CutPage(most) => Effect::CutPage(*most),
        EffectWish::EmptyList => Effect::EmptyList,
        EffectWish::Shuffled => Effect::Shuffled,
        EffectWish::Denied => Effect::Denied,
        EffectWish::Cut(at) => Effect::Cut(*at),
        EffectWish::AnotherAccount(id) => {
            check_account("anotherAccount", id)?;
            Effect::AnotherAccount(id.clone())
        }
    })
}

fn turn(wish: &TurnWish) -> Result<Turn, Refusal> {
    Ok(match wish {
        TurnWish::Every => Turn::Every,
        TurnWish::Nth(0) | TurnWish::EveryNth(0) => return Err(Refusal::wrong("`turn` counts from 1")),
        TurnWish::Nth(turn) => Turn::Nth(*turn),
        TurnWish::EveryNth(turns) => Turn::EveryNth(*turns),
    })
}
