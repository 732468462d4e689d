//! The real SDK over a wire that is not there: what goes out for each query and step, what becomes of each answer and failure.

mod balancing;
mod connecting;
mod directory;
mod failures;
mod groups;
mod reads;
mod roles;
mod steps;
mod tagging;
mod unreadable;
mod web_acls;
mod wire;
