//! Takes a seed; gives ids, request ids and VXLAN network identifiers that look like AWS's. Never gives an id twice, and
//! never another for the same seed and history.

use std::collections::BTreeMap;

/// Draws numbers that look random. Each kind of thing has a counter of its own, so that asking for one kind (a request id, say)
/// never changes what another will be: a world reads the same however often it was looked at.
#[derive(Clone, Debug)]
pub(crate) struct Mint {
    seed: u64,
    drawn: BTreeMap<&'static str, u64>,
}

impl Mint {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, drawn: BTreeMap::new() }
    }

    /// An id such as `eni-0a1b2c3d4e5f60718`: 17 hexadecimal digits.
    pub(crate) fn id(&mut self, prefix: &'static str) -> String {
        format!("{prefix}-0{}", self.digits(prefix))
    }

    /// Sixteen hexadecimal digits, with which a load balancer's ARN ends.
    pub(crate) fn digits(&mut self, kind: &'static str) -> String {
        format!("{:016x}", self.draw(kind) as u64)
    }

    /// A request id, in the form of a UUID.
    pub(crate) fn request_id(&mut self) -> String {
        self.uuid("request")
    }

    /// A number in the form of a UUID, drawn for this kind of thing.
    pub(crate) fn uuid(&mut self, kind: &'static str) -> String {
        let number = self.draw(kind);
        let [second, third, fourth] = [80, 64, 48].map(|bits| (number >> bits) & 0xffff);
        format!("{:08x}-{second:04x}-{third:04x}-{fourth:04x}-{:012x}", number >> 96, number & 0xffff_ffff_ffff)
    }

    /// A VXLAN network identifier, 1 to 16777215: 24 bits, without the one that stands for none. Source: RFC 7348.
    pub(crate) fn vni(&mut self) -> u32 {
        (self.draw("vni") % 0xff_ffff) as u32 + 1
    }

    /// What makes a page's token ours: nobody can guess it, and that of another list or of another world does not fit.
    pub(crate) fn seal(&self, [kind, account]: [&str; 2], id: &str) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.seed.to_le_bytes()).update([kind, account, id].join("\t").as_bytes());
        format!("{:016x}", first_bytes(&hasher) as u64)
    }

    /// A number, drawn for this kind of thing.
    pub(crate) fn draw(&mut self, kind: &'static str) -> u128 {
        let count = self.drawn.entry(kind).or_default();
        *count += 1;
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.seed.to_le_bytes()).update(&count.to_le_bytes()).update(kind.as_bytes());
        first_bytes(&hasher)
    }
}

fn first_bytes(hasher: &blake3::Hasher) -> u128 {
    let mut bytes = [0; 16];
    hasher.finalize_xof().fill(&mut bytes);
    u128::from_le_bytes(bytes)
}
