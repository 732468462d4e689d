//! Takes wishes for traffic mirroring; gives filters, rules, targets and sessions, by AWS's rules. Never mirrors a packet:
//! that is told in `packets`.
//!
//! Sources, unless a line says another: the Traffic Mirroring guide (2026); botocore `ec2/2016-11-15`; "Error codes for the Amazon EC2
//! API"; and, for codes that differ on the wire, hashicorp/terraform-provider-aws `internal/service/ec2/errors.go`.

mod answers;
mod filters;
mod instance_types;
mod rules;
mod sessions;
mod sources;
mod targets;

pub use self::filters::MirrorFilter;
pub use self::rules::MirrorRule;
pub use self::sessions::MirrorSession;
pub use self::targets::MirrorTarget;
