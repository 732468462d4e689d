//! Takes a list of interfaces that is asked for; refuses it where it would have no bounds and there are many. Never looks at what is
//! listed.
//!
//! Source: botocore, `DescribeNetworkInterfaces`: with a large number of interfaces, the call fails unless it asks for pages or has a
//! filter. With which code is not documented, and which filters help is not told apart here.

use mirror_core::ids::InterfaceId;

use crate::error::ApiError;
use crate::interfaces::NetworkInterface;
use crate::listing::Page;
use crate::request::Describe;
use crate::world::World;

impl World {
    /// The page of interfaces that is asked for.
    pub(crate) fn describe_interfaces(
        &self,
        asked: &Describe<InterfaceId>,
    ) -> Result<Page<NetworkInterface>, ApiError> {
        let unbounded = asked.ids.is_empty() && asked.filters.is_empty() && asked.max_results.is_none();
        let most = self.unknowns.most_interfaces_at_once;
        if unbounded && self.interfaces.owned_by(&self.account) > most {
            let message = format!("There are more than {most} network interfaces: ask for pages, or filter them");
            return Err(ApiError::new("OperationNotPermitted", message));
        }
        self.list_interfaces(asked)
    }
}
