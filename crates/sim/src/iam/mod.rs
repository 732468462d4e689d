//! Takes who calls, what he asks for and the policies that somebody wrote; gives whether he may. Never carries a call out, and never
//! doubts that the caller is who he says: that is for whoever reads signatures.
//!
//! ```text
//!  access key ── Directory ── Caller ┐
//!  Request ── needs: what AWS wants permission for, resource by resource ── decide ── Ok, or UnauthorizedOperation
//!  policy documents ── parse ── Policy ┘
//! ```
//!
//! With nobody registered, everybody may everything: a world without principals is a world for one person.
//!
//! Source of the rules: "Policy evaluation logic", "IAM JSON policy elements: Condition operators", IAM User Guide. Source of what each
//! action needs: "Actions, resources, and condition keys for Amazon EC2" and "… for AWS Elastic Load Balancing V2", Service Authorization
//! Reference.

mod balancing;
mod condition;
mod context;
mod decision;
mod denial;
mod directory;
mod guarding;
mod keys;
mod needs;
mod parse;
mod policy;
mod principal;
mod resources;
mod sts;

#[cfg(test)]
pub(crate) use self::context::Context;
#[cfg(test)]
pub(crate) use self::decision::{Decision, decide};
pub(crate) use self::denial::unauthorized;
pub use self::directory::Directory;
pub use self::keys::Rejected;
#[cfg(test)]
pub(crate) use self::needs::Need;
pub use self::policy::Policy;
pub use self::principal::Principal;
pub use self::sts::{AssumeRole, AssumedRole};
