//! Takes a world of many accounts, and which of them acts; says what that account owns and what it sees. Never says what a call does: the
//! world acts for one account at a time, and whatever is made meanwhile is that account's.
//!
//! ```text
//!  World::call                 ── for the account that acts: the first one, if nobody says otherwise
//!  World::call_as(account, …)  ── for this one
//!                                    ↓
//!  an id of a list, or in a call ── owned? ── seen, because it is shared? ── else as unknown as one that never was
//! ```

use std::borrow::Cow;
use std::collections::BTreeMap;

use mirror_core::ids::AccountId;
use mirror_core::inventory::Tags;

use crate::error::ApiError;
use crate::listing::Listed;
use crate::request::Request;
use crate::response::Response;
use crate::world::World;

/// What belongs to an account.
pub(crate) trait Owned {
    /// The account that it belongs to; none for what is the same for all of them.
    fn owner(&self) -> Option<&AccountId>;
}

impl World {
    /// Answers one call of another account than the first. An account that nobody has heard of until now has nothing.
    ///
    /// # Errors
    ///
    /// As AWS answers them; nothing has changed then.
    pub fn call_as(&mut self, account: &AccountId, request: Request) -> Result<Response, ApiError> {
        self.acting_for(account, |world| world.call(request))
    }

    /// Does something for an account: what is made meanwhile, by calls or without them, belongs to it.
    pub fn acting_for<T>(&mut self, account: &AccountId, act: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.account, account.clone());
        let done = act(self);
        self.account = before;
        done
    }

    /// Whether something belongs to the account that acts. What belongs to nobody belongs to everybody.
    pub(crate) fn owns<T: Listed>(&self, object: &T) -> bool {
        object.owner().is_none_or(|owner| *owner == self.account)
    }

    /// Something as the account that acts sees it; none, if it does not see it.
    pub(crate) fn shown<'a, T: Listed>(&self, object: &'a T) -> Option<Cow<'a, T>> {
        if self.owns(object) { Some(Cow::Borrowed(object)) } else { object.shared(self).map(Cow::Owned) }
    }

    /// What the account that acts owns and can change.
    pub(crate) fn own<'a, T: Listed>(&self, objects: &'a BTreeMap<T::Id, T>, id: &T::Id) -> Result<&'a T, ApiError> {
        let object = objects.get(id).ok_or_else(|| T::not_found(id))?;
        if self.owns(object) {
            return Ok(object);
        }
        let code = self.unknowns.change_of_anothers.filter(|_| self.shown(object).is_some());
        Err(code
            .map_or_else(|| T::not_found(id), |code| ApiError::new(code, format!("{id} belongs to another account"))))
    }

    /// The tags of something of another account, as the account that acts sees them.
    pub(crate) fn tags_of_another(&self, tags: &Tags) -> Tags {
        if self.unknowns.tags_of_others { tags.clone() } else { Tags::new() }
    }

    /// What an error calls something: no id that its reader does not see.
    pub(crate) fn name_of<T: Listed>(&self, object: &T, id: &T::Id) -> String {
        if self.shown(object).is_some() { id.to_string() } else { "another account".into() }
    }

    /// What the account that acts sees and can use, whoever owns it.
    pub(crate) fn seen<'a, T: Listed>(&self, objects: &'a BTreeMap<T::Id, T>, id: &T::Id) -> Result<&'a T, ApiError> {
        objects.get(id).filter(|object| self.shown(*object).is_some()).ok_or_else(|| T::not_found(id))
    }
}
