//! Takes what a create is for; gives its client token. Never of chance, nor of who leads, nor of the target or filter: two leaders,
//! or one that has forgotten that it asked, make one object.

use crate::cloud::ClientToken;
use crate::digest::digest;
use crate::objects::ObjectKey;
use crate::ownership::Owner;

pub(super) fn token(owner: Owner<'_>, key: &ObjectKey, incarnation: &str) -> ClientToken {
    let Owner { name, account, region } = owner;
    let key = key.to_string();
    ClientToken(digest([name, account.as_str(), region.as_str(), &key, incarnation]))
}
