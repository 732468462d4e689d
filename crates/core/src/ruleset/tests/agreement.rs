//! Takes captures by chance; gives sentences about their rules that hold packet for packet.

use super::*;

/// A capture as a policy may name one: all, or a few kinds of packets, less a few others.
fn capture(chance: &mut Chance, most: usize) -> PacketSet {
    let entry = |chance: &mut Chance| {
        let length = chance.of(&[8_u8, 12, 16, 20, 24, 24, 28, 32]);
        let address = u32::try_from(chance.below(1 << 32)).unwrap();
        let near = 0x0a00_0000 | (address & 0xffff);
        let peer = match chance.below(8) {
            0 => Some(format!("{}/{length}", Ipv4Addr::from_bits(address))),
            1 | 2 => Some(format!("{}/{length}", Ipv4Addr::from_bits(near))),
            3 => Some(format!("2001:db8:{:x}::/{}", chance.below(4), chance.of(&[32, 40, 48, 64]))),
            _ => None,
        };
        let peer: Option<ipnet::IpNet> = peer.map(|text| text.parse::<ipnet::IpNet>().unwrap().trunc());
        let from = match chance.below(3) {
            0 => chance.of(&[22_u16, 53, 80, 442, 443, 444, 2049, 3306, 5432, 8080]),
            _ => u16::try_from(chance.below(65_000)).unwrap(),
        };
        let to = from + chance.of(&[0_u16, 0, 0, 1, 10, 500]);
        let range = Some(PortRange { from, to }).filter(|_| chance.below(5) > 0);
        let protocol = chance.of(&[6_u8, 6, 6, 17, 17, 1]);
        let range = range.filter(|_| protocol != 1);
        let ports = Some(crate::policy::Ports { protocol, range }).filter(|_| peer.is_none() || chance.below(2) == 0);
        Except { peer, ports }
    };
    let mut some = |most: usize| {
        let count = chance.below(most + 1);
        let entries: BTreeSet<Except> = (0..count).map(|_| entry(chance)).collect();
        PacketSet::named(&entries).unwrap()
    };
    let (only, less) = (some(most), some(most / 2));
    let all = if chance.below(2) == 0 || only.is_empty() { PacketSet::everything() } else { only };
    all.difference(&less).unwrap()
}

#[test]
fn rules_mirror_what_is_asked_and_what_they_say_packet_for_packet() {
    let mut chance = Chance(0x5eed);
    let (captures, packets) = (cases(150), if cases(150) > 150 { 1000 } else { 300 });
    let (mut exact_ones, mut widened_ones, mut mirrored, mut none) = (0, 0, 0, 0);
    for at in 0..captures {
        let most = 1 + at % 12;
        let (asked, ipv6) = (capture(&mut chance, most), chance.below(2) == 0);
        let possible = asked.possible(ipv6);
        let blocks = possible.blocks();
        let rules = exact(&asked, ipv6).unwrap();
        let fitted = fit(&asked, ipv6, Widen::NeverBusy).unwrap();
        let any = fit(&asked, ipv6, Widen::Any).unwrap().unwrap();
        if rules.len() <= RULES_PER_FILTER {
            assert!(any.added.is_empty() && any.rules == rules && fitted.as_ref() == Some(&any));
        }
        none += usize::from(fitted.is_none());
        for fitted in fitted.iter().chain([&any]) {
            assert!(fitted.rules.len() <= RULES_PER_FILTER);
            let (exactly, added) = (fitted.added.is_empty(), fitted.added.blocks());
            (exact_ones, widened_ones) = (exact_ones + usize::from(exactly), widened_ones + usize::from(!exactly));
            for _ in 0..packets {
                let near = if exactly || chance.below(2) == 0 { &blocks } else { &added };
                let packet = chance.packet(near);
                let expected = packet.is_in(&blocks) || packet.is_in(&added);
                assert_eq!(is_mirrored(&packet, &fitted.rules), expected, "{packet:?}: {:?}", words(&fitted.rules));
            }
        }
        assert!(fitted.is_none_or(|fitted| fitted.added.busy_ports().is_empty()));
        for _ in 0..packets {
            let packet = chance.packet(&blocks);
            let expected = packet.is_in(&blocks);
            mirrored += usize::from(expected);
            assert_eq!(is_mirrored(&packet, &rules), expected, "{packet:?}: {:?}", words(&rules));
        }
    }
    println!(
        "{captures} captures of {packets} packets: {exact_ones} fit exactly, {widened_ones} widened, {none} not without busy ports; {mirrored} packets mirrored"
    );
    assert!(exact_ones > captures / 4 && widened_ones > captures / 4 && mirrored > captures * packets / 10);
}

#[test]
fn the_same_packets_get_the_same_rules_however_they_were_put_together() {
    let mut chance = Chance(77);
    for _ in 0..50 {
        let asked = capture(&mut chance, 4);
        let again = set(asked.blocks().into_iter().rev());
        assert_eq!(exact(&asked, true).unwrap(), exact(&again, true).unwrap());
    }
}
