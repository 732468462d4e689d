//! Takes a fleet that changes at random; gives, for each kind of change, how many other choices it changes. `CHANGES` says how many changes.

use super::*;

const STRATA: [&str; 4] = ["web", "db", "queue", "bastion"];

/// What happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Arrives,
    Departs,
    /// It gets another role.
    Moves,
    DrawsAnew,
    MoreAreWanted,
    FewerAreWanted,
}

/// A fleet, and what is wanted of it.
#[derive(Clone)]
struct Fleet {
    made: usize,
    strata: BTreeMap<String, Vec<String>>,
    sampling: Sampling,
    now: Time,
}

impl Fleet {
    fn members(&self) -> BTreeMap<&str, Vec<String>> {
        self.strata.iter().map(|(id, labels)| (id.as_str(), labels.clone())).collect()
    }

    fn chosen(&self) -> BTreeSet<String> {
        let members = self.members();
        chosen(&key(), "spot-check", &self.sampling, &members, self.now).into_iter().map(ToOwned::to_owned).collect()
    }

    /// Who draws next, and when.
    fn next_draw(&self) -> (Time, String) {
        let of = |(id, labels): (&String, &Vec<String>)| {
            let lots = Lots::new(&key(), "spot-check", labels, self.sampling.rotate);
            (lots.turn(id, self.now).unwrap(), id.clone())
        };
        self.strata.iter().map(of).min().unwrap()
    }

    fn one(&self, dice: &mut Dice) -> String {
        self.strata.keys().nth(dice.roll(self.strata.len())).unwrap().clone()
    }

    /// One change, and the member that it is about.
    fn change(&mut self, dice: &mut Dice) -> (Change, String) {
        let stratum = vec![STRATA[dice.roll(4)].to_owned()];
        match (dice.roll(64), self.strata.len()) {
            (0, _) => {
                let (fraction, at_least) = (self.sampling.fraction, self.sampling.at_least);
                self.sampling.fraction = (dice.roll(40) + 1) as f64 / 100.0;
                self.sampling.at_least = 1 + dice.roll(3);
                match (self.sampling.fraction >= fraction, self.sampling.at_least >= at_least) {
                    (true, true) => (Change::MoreAreWanted, String::new()),
                    (false, false) => (Change::FewerAreWanted, String::new()),
                    // More in one stratum and fewer in another: not one change but two.
                    _ => {
                        self.sampling.at_least = at_least;
                        let more = self.sampling.fraction >= fraction;
                        (if more { Change::MoreAreWanted } else { Change::FewerAreWanted }, String::new())
                    }
                }
            }
            (1..16, _) => {
                let (now, id) = self.next_draw();
                self.now = now;
                (Change::DrawsAnew, id)
            }
            (16..24, _) => {
                let id = self.one(dice);
                self.strata.insert(id.clone(), stratum);
                (Change::Moves, id)
            }
            (_, members) if members < 6 || (members < 48 && dice.roll(2) == 0) => {
                self.made += 1;
                let id = format!("i-{:08x}", self.made);
                self.strata.insert(id.clone(), stratum);
                (Change::Arrives, id)
            }
            _ => {
                let id = self.one(dice);
                self.strata.remove(&id);
                (Change::Departs, id)
            }
        }
    }

    /// In each stratum, by what was asked and not by what says how many that is.
    fn is_within_bounds(&self, chosen: &BTreeSet<String>) -> bool {
        STRATA.into_iter().all(|role| {
            let members = self.strata.iter().filter(|(_, labels)| labels[0] == role);
            let (all, chosen) = (members.clone().count(), members.filter(|(id, _)| chosen.contains(*id)).count());
            let least = self.sampling.at_least.min(all);
            let part = self.sampling.fraction * all as f64;
            chosen >= least && chosen as f64 > part - 1e-6 && (chosen == least || (chosen as f64) < part + 1.0 - 1e-6)
        })
    }
}

#[test]
fn a_change_changes_one_other_choice_of_a_stratum_at_most() {
    let changes = std::env::var("CHANGES").ok().and_then(|number| number.parse().ok()).unwrap_or(20_000);
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut fleet = Fleet { made: 0, strata: BTreeMap::new(), sampling: sampling(0.05, 1, Some(24)), now: at(0) };
    let mut chosen = fleet.chosen();
    let mut histogram: BTreeMap<Change, BTreeMap<usize, u64>> = BTreeMap::new();
    for number in 0..changes {
        let before = fleet.strata.clone();
        let (change, id) = fleet.change(&mut dice);
        let then = fleet.chosen();
        assert!(fleet.is_within_bounds(&then), "{number}: {change:?} {id}: {:?} {:?}", fleet.sampling, fleet.strata);
        let role = |other: &String| before.get(other).or(fleet.strata.get(other)).unwrap()[0].as_str();
        let others = Vec::from_iter(chosen.symmetric_difference(&then).filter(|other| **other != id));
        let most = match change {
            Change::MoreAreWanted | Change::FewerAreWanted => {
                let (small, large) = if change == Change::MoreAreWanted { (&chosen, &then) } else { (&then, &chosen) };
                assert!(small.is_subset(large), "{number}: {change:?}");
                others.len()
            }
            Change::Arrives | Change::Departs | Change::Moves | Change::DrawsAnew => {
                let of = |stratum: &str| others.iter().filter(|other| role(other) == stratum).count();
                let most = STRATA.into_iter().map(of).max().unwrap();
                assert!(most <= 1, "{number}: {change:?} {id}: {others:?}");
                most
            }
        };
        *histogram.entry(change).or_default().entry(most).or_default() += 1;
        chosen = then;
    }
    let periods = fleet.now.duration_since(at(0)).as_secs() / 86_400;
    println!("{changes} changes, {} members made, {periods} periods", fleet.made);
    println!("other choices changed, in the stratum where they are the most (of what is wanted: in all)");
    histogram.iter().for_each(|(change, counts)| println!("{change:?}: {counts:?}"));
    assert_eq!(histogram.len(), 6);
}
