//! Takes nothing; gives the calls of WAF that the world understands, and their answers. Never checks what depends on the world.

use mirror_core::cloud::Action;
use mirror_core::ids::LoadBalancerArn;

use super::web_acls::{WafScope, WebAcl, WebAclArn};
use crate::listing::Page;

macro_rules! requests {
    ($($action:ident($input:ty) $(-> $output:ty)?,)*) => {
        /// A call of WAF: an action with its parameters.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum WafRequest {
            $(
                #[doc = concat!("`", stringify!($action), "`.")]
                $action($input),
            )*
        }

        /// The answer to a call of WAF that succeeded.
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum WafResponse {
            $(
                #[doc = concat!("To `", stringify!($action), "`.")]
                $action $(($output))?,
            )*
        }

        impl WafRequest {
            /// Every action that there is in here, as IAM names it.
            pub const ACTIONS: &'static [Action] = &[$(concat!("wafv2:", stringify!($action))),*];

            /// The action as IAM names it.
            pub fn action(&self) -> Action {
                match self {
                    $(Self::$action(_) => concat!("wafv2:", stringify!($action)),)*
                }
            }
        }
    };
}

requests! {
    ListWebACLs(ListWebAcls) -> Page<WebAcl>,
    ListResourcesForWebACL(ListResourcesForWebAcl) -> Page<LoadBalancerArn>,
    GetWebACLForResource(LoadBalancerArn) -> Option<Box<WebAcl>>,
    CreateWebACL(CreateWebAcl) -> Box<WebAcl>,
    AssociateWebACL(AssociateWebAcl),
    DisassociateWebACL(LoadBalancerArn),
}

/// `ListWebACLs`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListWebAcls {
    /// Those of this scope.
    pub scope: WafScope,
    /// The `NextMarker` of the page before.
    pub marker: Option<String>,
    /// At most so many on a page, 1 to 100; none for 100.
    pub limit: Option<i32>,
}

/// Kinds of resources that a web ACL can guard. Of all but load balancers there are none in here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuardedResource {
    /// `APPLICATION_LOAD_BALANCER`.
    ApplicationLoadBalancer,
    /// Any other of the model's.
    Other,
}

/// `ListResourcesForWebACL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListResourcesForWebAcl {
    /// The web ACL.
    pub acl: WebAclArn,
    /// Which of its resources.
    pub kind: GuardedResource,
}

/// `CreateWebACL`, of one without rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateWebAcl {
    /// Unique in its scope, 1 to 128 letters, digits, `_` and `-`.
    pub name: String,
    /// Where it can be used.
    pub scope: WafScope,
    /// What for.
    pub description: Option<String>,
    /// Whether what no rule says anything of is blocked.
    pub blocks: bool,
}

/// `AssociateWebACL`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssociateWebAcl {
    /// The web ACL.
    pub acl: WebAclArn,
    /// What it guards from now on, in the place of another.
    pub resource: LoadBalancerArn,
}
