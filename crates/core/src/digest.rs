//! Takes words; gives one short word that stands for them. Never for secrets: the digest has no key.

/// 128 bits of BLAKE3 as 32 hexadecimal digits. Each part is preceded by its length, so that `("ab", "c")` and `("a", "bc")` differ.
pub(crate) fn digest<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    hasher.finalize().to_hex().chars().take(32).collect()
}
