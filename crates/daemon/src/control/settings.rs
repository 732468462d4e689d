//! Takes rates, latency and the age of reads, in JSON; sets them around an embedded cloud. Never remembers them differently from how they
//! are set.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::State;
use mirror_sim::Request;
use mirror_sim::api::{Lag, Limit, Odds, Rates};
use serde::{Deserialize, Serialize};

use super::lasting::Lasting;
use super::{Answer, Control, Refusal, answered, said};

/// What is set. With nothing said, everything is off.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Settings {
    latency: Latency,
    rates: RatesWish,
    lag: LagWish,
}

/// What is not said stays as it is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Change {
    latency: Option<Latency>,
    rates: Option<RatesWish>,
    lag: Option<LagWish>,
}

/// How long each call takes: drawn anew, between these.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Latency {
    shortest: Lasting,
    longest: Lasting,
}

/// How fast calls may come.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum RatesWish {
    /// As fast as they like.
    #[default]
    Off,
    /// As AWS documents it.
    Usual,
    /// As that, but for what is said.
    Adjusted {
        /// Percent of every limit that is left: somebody else uses up the rest.
        #[serde(default = "all_of_it")]
        share: u32,
        /// Other limits of single actions.
        #[serde(default)]
        granted: BTreeMap<String, LimitWish>,
    },
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct LimitWish {
    burst: u32,
    per_second: u32,
}

fn all_of_it() -> u32 {
    100
}

/// How old reads are.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
enum LagWish {
    /// Each shows what there is.
    #[default]
    Off,
    /// As the fields of [`Lag`] say; what is not said is as in [`Lag::up_to`].
    On {
        most: Lasting,
        #[serde(default = "always")]
        stale: f64,
        #[serde(default)]
        own_writes_are_seen: bool,
        #[serde(default = "yes")]
        names_are_unknown_at_first: bool,
        #[serde(default)]
        doubled: f64,
        #[serde(default)]
        missing: f64,
    },
}

fn always() -> f64 {
    1.0
}

fn yes() -> bool {
    true
}

pub(super) async fn read(State(control): State<Control>) -> Answer {
    answered(&control.set().settings)
}

pub(super) async fn change(State(control): State<Control>, body: Bytes) -> Answer {
    let Change { latency, rates, lag } = said(&body)?;
    let taken = latency.map(|wish| wish.checked().map(|()| wish)).transpose()?;
    let limits = rates.as_ref().map(RatesWish::rates).transpose()?;
    let age = lag.as_ref().map(LagWish::lag).transpose()?;
    let mut set = control.set();
    let mut api = control.embedded.now();
    if let Some(wish) = taken {
        api.take_time(wish.shortest.0, wish.longest.0);
        set.settings.latency = wish;
    }
    if let (Some(limits), Some(wish)) = (limits, rates) {
        api.limit_rates(limits);
        set.settings.rates = wish;
    }
    if let (Some(age), Some(wish)) = (age, lag) {
        api.lag(age);
        set.settings.lag = wish;
    }
    answered(&set.settings)
}

impl Latency {
    fn checked(self) -> Result<(), Refusal> {
        if self.longest < self.shortest {
            return Err(Refusal::wrong("`latency`: write a `longest` of at least `shortest`"));
        }
        Ok(())
    }
}

impl RatesWish {
    fn rates(&self) -> Result<Option<Rates>, Refusal> {
        let (share, granted) = match self {
            Self::Off => return Ok(None),
            Self::Usual => return Ok(Some(Rates::documented())),
            Self::Adjusted { share, granted } => (*share, granted),
        };
        if !(1..=100).contains(&share) {
            return Err(Refusal::wrong(format!("`share` is {share}: write percent, from 1 to 100")));
        }
        let rates = Rates::documented().shared(share);
        let granted = granted.iter().try_fold(rates, |rates, (action, LimitWish { burst, per_second })| {
            if !Request::every_action().any(|known| known == action) {
                let error = format!(
                    "there is no action `{action}`: there are {}",
                    Request::every_action().collect::<Vec<_>>().join(", ")
                );
                return Err(Refusal::wrong(error));
            }
            Ok(rates.with(action, Limit { burst: *burst, per_second: *per_second }))
        });
        granted.map(Some)
    }
}

impl LagWish {
    fn lag(&self) -> Result<Option<Lag>, Refusal> {
        let Self::On { most, stale, own_writes_are_seen, names_are_unknown_at_first, doubled, missing } = self else {
            return Ok(None);
        };
        Ok(Some(Lag {
            most: most.0,
            stale: odds("stale", *stale)?,
            own_writes_are_seen: *own_writes_are_seen,
            names_are_unknown_at_first: *names_are_unknown_at_first,
            doubled: odds("doubled", *doubled)?,
            missing: odds("missing", *missing)?,
        }))
    }
}

/// How often, from 0 for never to 1 for always.
pub(super) fn odds(name: &str, often: f64) -> Result<Odds, Refusal> {
    if !(0.0..=1.0).contains(&often) {
        return Err(Refusal::wrong(format!("`{name}` is {often}: write a number from 0 to 1")));
    }
    Ok(Odds::in_a_million((often * 1_000_000.0).round() as u32))
}
