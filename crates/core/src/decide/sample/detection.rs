//! Takes how many hosts there are, are watched and are touched; gives how likely it is that a watched one is among those touched. Never
//! knows how an attacker goes about it: whoever can tell watched hosts from others is not met so often.

/// The probability, 0 to 1, that whoever touches `k` of a stratum's `n` hosts meets one of the `m` that are watched, when nothing says
/// which those are: 1 - C(n-m, k) / C(n, k), the hypergeometric distribution. More watched or touched than there are are all of them.
pub fn detection(n: usize, m: usize, k: usize) -> f64 {
    // The two can be exchanged; by the smaller one it takes fewer steps.
    let (fewer, more) = (m.min(k).min(n), m.max(k).min(n));
    if fewer > n - more {
        return 1.0;
    }
    // Host by host: met before, or met now. Added up so that a small chance is not lost in the difference of two large ones. Numbers of
    // hosts are far below where a float counts no further.
    (0..fewer).fold(0.0, |met, touched| met + (1.0 - met) * (more as f64 / (n - touched) as f64))
}
