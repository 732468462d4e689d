//! Takes what was answered to the first call with a client token; says whether a second one gets the same. Never makes anything anew.
//!
//! Source: "Ensuring idempotency in Amazon EC2 API requests", which does not say for how long a token is remembered.

use mirror_core::Time;
use mirror_core::cloud::{Action, ClientToken};
use mirror_core::ids::AccountId;

use crate::error::ApiError;
use crate::request::Request;
use crate::response::Response;
use crate::unknowns::TokenMemory;
use crate::world::World;

/// The first call with a token.
#[derive(Clone, Debug)]
pub(crate) struct Answered {
    pub(crate) at: Time,
    pub(crate) request: Request,
    pub(crate) answer: Response,
}

impl Answered {
    /// The answer to another call with the same token.
    pub(crate) fn again(&self, request: &Request) -> Result<Response, ApiError> {
        if self.request == *request {
            return Ok(self.answer.clone());
        }
        Err(ApiError::new(
            "IdempotentParameterMismatch",
            "The client token you have provided is associated with a request that had other parameters.",
        ))
    }
}

impl World {
    /// What was answered to the first call of an account with a token, if AWS still knows.
    pub(crate) fn remembered(&self, key: &(AccountId, Action, ClientToken)) -> Option<&Answered> {
        self.answered.get(key).filter(|first| match self.unknowns.tokens {
            TokenMemory::ForEver => true,
            TokenMemory::For(duration) => self.now.duration_since(first.at) < duration,
            TokenMemory::UntilGone => self.stands(&first.answer),
        })
    }

    /// Whether what a call made is still there.
    fn stands(&self, answer: &Response) -> bool {
        match answer {
            Response::RunInstances(made) => made.iter().any(|it| self.instances.contains_key(&it.instance.id)),
            Response::CreateNetworkInterface(made) => self.interfaces.contains_key(&made.id),
            Response::CreateTrafficMirrorFilter(made) => self.filters.contains_key(&made.id),
            Response::CreateTrafficMirrorFilterRule(made) => {
                self.filters.get(&made.filter).is_some_and(|filter| filter.rules.contains_key(&made.id))
            }
            Response::CreateTrafficMirrorTarget(made) => self.targets.contains_key(&made.id),
            Response::CreateTrafficMirrorSession(made) => self.sessions.contains_key(&made.id),
            _ => true,
        }
    }
}
