//! Takes nothing; gives list prices, each with its source and date. Never a bill: AWS's price differs by Region and contract.

/// US dollars for an hour of a mirrored interface, in us-east-1. Source: AWS price list, usage type `ENI-Mirror`, as of 2026-11.
pub const USD_PER_SESSION_HOUR: f64 = 0.015;

/// Hours that AWS counts as a month.
pub const HOURS_PER_MONTH: f64 = 730.0;

/// US dollars for a month of a session. Whether a second session on the same interface is billed again AWS does not say clearly:
/// "for each ENI that is enabled" (VPC pricing), "for each active traffic mirror session" (Traffic Mirroring guide). The dearer is taken.
pub const USD_PER_SESSION_MONTH: f64 = USD_PER_SESSION_HOUR * HOURS_PER_MONTH;
