//! Takes calls of WAF, version 2 of 2019-07-29; gives web ACLs, and which load balancers each guards. Never looks at a request: what a web
//! ACL would let through is not simulated.
//!
//! Source: botocore `wafv2/2019-07-29`.

mod request;
mod web_acls;

pub use self::request::{
    AssociateWebAcl, CreateWebAcl, GuardedResource, ListResourcesForWebAcl, ListWebAcls, WafRequest, WafResponse,
};
pub use self::web_acls::{WafScope, WebAcl, WebAclArn};
use crate::error::ApiError;
use crate::world::World;

impl World {
    /// Carries a call of WAF out.
    pub(crate) fn guard(&mut self, request: &WafRequest) -> Result<WafResponse, ApiError> {
        use WafRequest as Q;
        use WafResponse as A;
        Ok(match request {
            Q::ListWebACLs(asked) => A::ListWebACLs(self.list_web_acls(asked)?),
            Q::ListResourcesForWebACL(asked) => A::ListResourcesForWebACL(self.resources_for_web_acl(asked)?),
            Q::GetWebACLForResource(arn) => A::GetWebACLForResource(self.web_acl_for(arn)?.cloned().map(Box::new)),
            Q::CreateWebACL(wish) => A::CreateWebACL(Box::new(self.create_web_acl(wish)?)),
            Q::AssociateWebACL(wish) => self.associate_web_acl(wish).map(|()| A::AssociateWebACL)?,
            Q::DisassociateWebACL(arn) => self.disassociate_web_acl(arn).map(|()| A::DisassociateWebACL)?,
        })
    }
}
