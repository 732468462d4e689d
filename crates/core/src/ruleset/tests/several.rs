//! Takes universes of up to sixteen cells in several dimensions; gives the fewest rules of every set there is, found by painting with any
//! boxes in any order, and says how far from them the rules are that are found.

use super::*;

const INGRESS: Plane = Plane::ALL[0];

/// What there is, and the boxes that rules can match of it.
struct Universe {
    name: &'static str,
    cells: Vec<Block>,
    boxes: Vec<Block>,
}

fn ranges(firsts: &[u32], end: u32) -> (Vec<Span>, Vec<Span>) {
    let last = |at: usize| firsts.get(at + 1).map_or(end, |next| next - 1);
    let cells = (0..firsts.len()).map(|at| Span::new(firsts[at], last(at))).collect();
    let all = (0..firsts.len()).flat_map(|at| (at..firsts.len()).map(move |to| (at, to)));
    (cells, all.map(|(at, to)| Span::new(firsts[at], last(to))).collect())
}

fn networks(first: u32, bits: u32) -> (Vec<Span>, Vec<Span>) {
    let of = |bits: u32, size: u32| (0..1_u32 << (bits - size)).map(move |at| (first + (at << size), size));
    let spans = |size: u32| of(bits, size).map(|(first, size)| Span::new(first, first + (1 << size) - 1));
    (spans(0).collect(), (0..=bits).flat_map(spans).collect())
}

fn product(protocols: Span, peers: &[Span], peer_ports: &[Span], own_ports: &[Span]) -> Vec<Block> {
    let mut blocks = Vec::new();
    for sources in peers.iter().copied() {
        for source_ports in peer_ports.iter().copied() {
            for destination_ports in own_ports.iter().copied() {
                let whole = Block::whole(INGRESS);
                blocks.push(Block { protocols, sources, source_ports, destination_ports, ..whole });
            }
        }
    }
    blocks
}

fn universes() -> Vec<Universe> {
    let (tcp, udp) = (Span::one(6_u8), Span::one(17_u8));
    let all = [Block::whole(INGRESS).sources];
    let ports = ranges(&[1000, 1001, 1002, 1003], 1003);
    let hosts = networks(0x0a00_0000, 2);
    let two = networks(0x0a00_0000, 1);
    let pair = ranges(&[1000, 1001], 1001);
    let whole = ranges(&[0, 1000, 2000], 65_535);
    let any = [grid::PORTS];
    let join = |lists: [Vec<Block>; 3]| lists.concat();
    vec![
        Universe {
            name: "ports of both ends",
            cells: product(tcp, &all, &ports.0, &ports.0),
            boxes: product(tcp, &all, &ports.1, &ports.1),
        },
        Universe {
            name: "peers and ports",
            cells: product(tcp, &hosts.0, &any, &ports.0),
            boxes: product(tcp, &hosts.1, &any, &ports.1),
        },
        Universe {
            name: "peers and ports of both ends",
            cells: product(tcp, &hosts.0, &pair.0, &pair.0),
            boxes: product(tcp, &hosts.1, &pair.1, &pair.1),
        },
        Universe {
            name: "protocols, peers and ports",
            cells: join([
                product(tcp, &two.0, &any, &whole.0),
                product(udp, &two.0, &any, &whole.0),
                product(Span::one(47_u8), &two.0, &any, &any),
            ]),
            boxes: join([
                product(tcp, &two.1, &any, &whole.1),
                product(udp, &two.1, &any, &whole.1),
                product(Block::whole(INGRESS).protocols, &two.1, &any, &any),
            ]),
        },
    ]
}

/// The fewest rules of every set of cells: the last rule paints first.
fn fewest(universe: &Universe) -> Vec<u8> {
    let mask = |block: &Block| -> usize {
        let cells = universe.cells.iter().enumerate();
        cells.map(|(at, cell)| usize::from(line::contains(block, cell)) << at).sum()
    };
    let masks: Vec<usize> = universe.boxes.iter().map(mask).collect();
    let mut fewest = vec![u8::MAX; 1 << universe.cells.len()];
    fewest[0] = 0;
    let mut now = vec![0_usize];
    for rules in 1.. {
        let mut next = Vec::new();
        for picture in now {
            for painted in masks.iter().flat_map(|mask| [picture | mask, picture & !mask]) {
                if fewest[painted] == u8::MAX {
                    fewest[painted] = rules;
                    next.push(painted);
                }
            }
        }
        if next.is_empty() {
            return fewest;
        }
        now = next;
    }
    fewest
}

#[test]
fn in_several_dimensions_hardly_any_rules_are_more_than_needed() {
    let mut chance = Chance(0xfeed);
    let mut all = (0, 0, 0);
    for universe in universes() {
        let fewest = fewest(&universe);
        let most = usize::from(*fewest.iter().max().unwrap());
        let (tried, mut more, mut worst) = (cases(150), 0, 0);
        for _ in 0..tried {
            let picture = chance.below(fewest.len());
            let cells = universe.cells.iter().enumerate().filter(|(at, _)| picture >> at & 1 == 1);
            // The protocols without ports are all alike here.
            let others = |cell: Block| match cell.protocols.holds(47_u8) {
                true => [Span::new(0_u8, 5_u8), Span::new(7_u8, 16_u8), Span::new(18_u8, 255_u8)]
                    .map(|protocols| Block { protocols, ..cell })
                    .to_vec(),
                false => vec![cell],
            };
            let asked = set(cells.flat_map(|(_, cell)| others(*cell)));
            let rules = exact(&asked, false).unwrap();
            assert_eq!(PacketSet::of_filter(&rules, &BTreeSet::new()).unwrap(), asked);
            let least = usize::from(fewest[picture]);
            assert!(rules.len() >= least, "{least} are needed: {:?}", words(&rules));
            more += usize::from(rules.len() > least);
            worst = worst.max(rules.len() - least);
        }
        println!(
            "{}: {more} of {tried} not the fewest, at worst {worst} more; the hardest sets take {most}",
            universe.name
        );
        all = (all.0 + tried, all.1 + more, all.2.max(worst));
    }
    let (tried, more, worst) = all;
    assert!(more * 100 <= tried && worst <= 1, "{more} of {tried}, at worst {worst} more");
}
