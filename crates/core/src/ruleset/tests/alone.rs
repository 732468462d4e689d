//! Takes every set of a few ports, and of a few addresses; gives the fewest rules there are, found by other means, to compare.

use super::*;

const INGRESS: Plane = Plane::ALL[0];

/// The fewest strokes that paint a row of colours on a blank: the best of all ways to split it, or to paint both ends at once.
fn strokes(colours: &[bool]) -> usize {
    // What paints from one place to another, where the colour below is the given one.
    fn paint(from: usize, to: usize, below: bool, colours: &[bool], known: &mut [[[usize; 2]; 17]]) -> usize {
        if from == to {
            return 0;
        }
        let found = known[from][to][usize::from(below)];
        if found != usize::MAX {
            return found;
        }
        let mut best = usize::MAX;
        if colours[from] == below {
            best = paint(from + 1, to, below, colours, known);
        }
        for end in from + 1..=to {
            // A stroke from here to there; in it, whatever comes on top.
            let within = if end - from == 1 { 0 } else { paint(from + 1, end, !below, colours, known) };
            if colours[from] != below {
                best = best.min(1 + within + paint(end, to, below, colours, known));
            }
        }
        known[from][to][usize::from(below)] = best;
        best
    }
    paint(0, colours.len(), false, colours, &mut vec![[[usize::MAX; 2]; 17]; 17])
}

/// The same of prefixes: every node of a heap of 32 has a rule or not, with either action.
fn prefixes(node: usize, below: bool, addresses: u32) -> usize {
    let children = |colour| prefixes(2 * node, colour, addresses) + prefixes(2 * node + 1, colour, addresses);
    if node >= 16 {
        return usize::from((addresses >> (node - 16) & 1 == 1) != below);
    }
    children(below).min(1 + children(!below))
}

#[test]
fn ports_alone_take_as_few_rules_as_strokes_paint_them() {
    let every = if std::env::var("CAPTURES").is_ok() { 1 } else { 7 };
    for ports in (0..1_u32 << 16).step_by(every) {
        let colours: Vec<bool> = (0..16).map(|port| ports >> port & 1 == 1).collect();
        let own = |port: &u32| Block {
            protocols: Span::one(6_u8),
            destination_ports: Span::one(1000 + *port),
            ..Block::whole(INGRESS)
        };
        let asked = set((0..16).filter(|port| colours[*port as usize]).map(|port| own(&port)));
        let rules = exact(&asked, false).unwrap();
        assert_eq!(rules.len(), strokes(&colours), "{ports:b}");
        assert_eq!(PacketSet::of_filter(&rules, &BTreeSet::new()).unwrap(), asked);
        // The same with everything else, for what is rejected.
        let others = PacketSet::of(Block::whole(INGRESS)).difference(&asked).unwrap();
        let rules = exact(&others, false).unwrap();
        assert_eq!(rules.len(), 1 + strokes(&colours), "all but {ports:b}");
        assert_eq!(PacketSet::of_filter(&rules, &BTreeSet::new()).unwrap(), others);
    }
}

#[test]
fn addresses_alone_take_as_few_rules_as_a_table_of_prefixes() {
    let every = if std::env::var("CAPTURES").is_ok() { 1 } else { 7 };
    for addresses in (0..1_u32 << 16).step_by(every) {
        let peer = |host: u32| Block { sources: Span::one(0x0a00_0000 + host), ..Block::whole(INGRESS) };
        let asked = set((0..16).filter(|host| addresses >> host & 1 == 1).map(peer));
        let rules = exact(&asked, false).unwrap();
        assert_eq!(rules.len(), prefixes(1, false, addresses), "{addresses:b}");
        assert_eq!(PacketSet::of_filter(&rules, &BTreeSet::new()).unwrap(), asked);
        let tcp = PacketSet::of(Block { protocols: Span::one(6_u8), ..Block::whole(INGRESS) });
        let others = tcp.difference(&asked).unwrap();
        let rules = exact(&others, false).unwrap();
        assert_eq!(rules.len(), 1 + prefixes(1, true, !addresses), "all but {addresses:b}");
        assert_eq!(PacketSet::of_filter(&rules, &BTreeSet::new()).unwrap(), others);
    }
}
