//! Takes service control policies, in JSON; hangs them on accounts of an embedded cloud. Never leaves one hanging that is not named again.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::extract::State;
use mirror_core::ids::AccountId;
use serde::Deserialize;
use serde_json::{Value, json};

use super::principals::policies;
use super::{Answer, Control, answered, check_account, first_account, said};

/// All that hangs on an account from now on.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Hung {
    #[serde(default = "first_account")]
    account: AccountId,
    /// Policy documents, by name.
    policies: BTreeMap<String, Value>,
}

/// Documents by account and name. Nobody else hangs any: it is true of the API.
pub(super) type Organization = BTreeMap<AccountId, BTreeMap<String, Value>>;

pub(super) async fn read(State(control): State<Control>) -> Answer {
    answered(&json!({ "accounts": control.set().organization }))
}

pub(super) async fn hang(State(control): State<Control>, body: Bytes) -> Answer {
    let Hung { account, policies: documents } = said(&body)?;
    check_account("account", &account)?;
    let hung = policies(&documents)?;
    let mut set = control.set();
    let mut api = control.embedded.now();
    let iam = api.iam_mut();
    iam.release(&account);
    hung.into_iter().for_each(|policy| iam.control(&account, policy));
    set.organization.insert(account, documents);
    set.organization.retain(|_, documents| !documents.is_empty());
    answered(&json!({ "accounts": set.organization }))
}
