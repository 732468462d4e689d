//! Takes classes with their weights and the bicliques between them; gives classes that hold of every biclique one end whole. Never
//! heavier than twice the lightest, and the lightest wherever two colours suffice.
//!
//! Parts that share no class are solved apart, so that nothing in one can move anything in another. Where two colours do not suffice,
//! a cut of the double cover (every class once on the left, once on the right) settles those that are in the cut on both sides or on
//! none: some lightest choice agrees with it (Nemhauser and Trotter 1975). The rest weighs at most twice what has to be chosen of it.

use std::collections::{BTreeMap, BTreeSet};

use super::cut::cut;
use super::search::{kept, search, total};
use super::{Biclique, Weight};

/// The classes to choose. `steps` are for each search.
pub(super) fn lightest(weights: &[Weight], standing: &[bool], bicliques: &[Biclique], steps: usize) -> BTreeSet<usize> {
    let mut chosen = BTreeSet::new();
    for part in parts(bicliques) {
        if part.two_colours {
            chosen.extend(settle(weights, &part));
            continue;
        }
        let (mut found, rest) = halve(weights, &part);
        for part in parts(&rest) {
            found.extend(if part.two_colours {
                settle(weights, &part)
            } else {
                search(weights, &part.bicliques, steps)
            });
        }
        // A search that was stopped may find now this, now that: it has to save something over what stands.
        let kept = kept(weights, standing, &part.bicliques);
        chosen.extend(if total(weights, &found) < total(weights, &kept) { found } else { kept });
    }
    chosen
}

/// Bicliques that hang together.
struct Part {
    /// With two colours, all left ends have the same: that of the lowest class.
    bicliques: Vec<Biclique>,
    /// Whether each class can be given one of two colours so that the ends of every biclique differ.
    two_colours: bool,
}

fn parts(bicliques: &[Biclique]) -> Vec<Part> {
    let mut of: BTreeMap<usize, Vec<(usize, &Biclique)>> = BTreeMap::new();
    for (place, biclique) in bicliques.iter().enumerate() {
        for class in biclique.left.iter().chain(&biclique.right) {
            of.entry(*class).or_default().push((place, biclique));
        }
    }
    let mut colours: BTreeMap<usize, bool> = BTreeMap::new();
    let mut seen: BTreeSet<usize> = BTreeSet::new();
    let mut parts = Vec::new();
    for first in of.keys() {
        if colours.contains_key(first) {
            continue;
        }
        colours.insert(*first, false);
        let (mut open, mut coloured, mut two_colours) = (vec![*first], BTreeMap::new(), true);
        while let Some(class) = open.pop() {
            let colour = colours.get(&class).copied().unwrap_or_default();
            for (place, biclique) in of.get(&class).into_iter().flatten() {
                if !seen.insert(*place) {
                    continue;
                }
                let oriented = oriented(biclique, class, colour);
                for (end, colour) in [(&oriented.left, false), (&oriented.right, true)] {
                    for class in end {
                        let before = *colours.entry(*class).or_insert_with(|| {
                            open.push(*class);
                            colour
                        });
                        two_colours &= before == colour;
                    }
                }
                coloured.insert(*place, oriented);
            }
        }
        parts.push(Part { bicliques: coloured.into_values().collect(), two_colours });
    }
    parts
}

/// Left is the end with the colour `false`.
fn oriented(biclique: &Biclique, class: usize, colour: bool) -> Biclique {
    if biclique.right.contains(&class) == colour { biclique.clone() } else { flipped(biclique) }
}

fn flipped(Biclique { left, right }: &Biclique) -> Biclique {
    Biclique { left: right.clone(), right: left.clone() }
}

fn settle(weights: &[Weight], part: &Part) -> BTreeSet<usize> {
    let (mut left, right) = cut(weights, &part.bicliques);
    left.extend(right);
    left
}

/// Those that are to be chosen for sure, and the bicliques that remain between those of which that cannot be said.
fn halve(weights: &[Weight], part: &Part) -> (BTreeSet<usize>, Vec<Biclique>) {
    let double: Vec<Biclique> = part.bicliques.iter().flat_map(|it| [it.clone(), flipped(it)]).collect();
    let (left, right) = cut(weights, &double);
    let open: BTreeSet<usize> = left.symmetric_difference(&right).copied().collect();
    let of_open = |end: &[usize]| end.iter().copied().filter(|class| open.contains(class)).collect();
    let rest: BTreeSet<Biclique> =
        part.bicliques.iter().filter_map(|it| Biclique::new(of_open(&it.left), of_open(&it.right))).collect();
    (left.intersection(&right).copied().collect(), rest.into_iter().collect())
}
