//! Of those who may hand in, who makes no difference to one step: a post that is asked by its name is asked whoever
//! hands in, but for those who could be asked themselves; a climb depends on where it begins.

use std::collections::{BTreeMap, BTreeSet};

use countersign_core::definition::{Authority, Line, Node, Organisation, Who};
use countersign_core::expr::Expr;
use countersign_core::name::Name;

use super::people::Alike;
use super::steps::Step;

/// What a step asks, whoever hands in.
struct Asks<'a> {
    defines: &'a [(Name, Expr)],
    organisation: &'a Organisation,
    positions: BTreeSet<Name>,
    /// It depends on the submitter's own line.
    by_line: bool,
    /// It depends on the submitter's post itself.
    by_post: bool,
}

/// The places of those who are the same to a step, together.
pub(super) fn groups(
    people: &[&Alike],
    step: &Step<'_>,
    authority: Option<&Authority>,
    (organisation, defines): (&Organisation, &[(Name, Expr)]),
) -> Vec<Vec<usize>> {
    let mut asks = Asks { defines, organisation, positions: BTreeSet::new(), by_line: false, by_post: false };
    asks.step(step, authority);
    if asks.by_post {
        return (0..people.len()).map(|n| vec![n]).collect();
    }
    let persons = asks.persons(asks.positions.iter());
    let mut found: BTreeMap<(Option<&Name>, Option<&Name>), Vec<usize>> = BTreeMap::new();
    let mut lines: BTreeMap<&Name, BTreeSet<Name>> = BTreeMap::new();
    for (n, alike) in people.iter().enumerate() {
        let post = organisation.positions.get(&alike.party.position);
        let superior = post.and_then(|post| post.solid.as_ref()).filter(|_| asks.by_line);
        let person = &alike.party.person;
        let on_line = superior.is_some_and(|superior| {
            lines.entry(superior).or_insert_with(|| asks.persons([superior].into_iter())).contains(person)
        });
        let person = Some(person).filter(|person| on_line || persons.contains(*person));
        found.entry((superior, person)).or_default().push(n);
    }
    found.into_values().collect()
}

fn reads_submitter(expr: &Expr, defines: &[(Name, Expr)]) -> bool {
    expr.any(&|part| match part {
        Expr::Submitter(_) | Expr::Owner(_) => true,
        // A define reads only earlier ones.
        Expr::Define(n) => {
            defines.get(usize::from(*n)).is_some_and(|(_, define)| reads_submitter(define, defines))
        }
        _ => false,
    })
}

impl Asks<'_> {
    fn by_submitter(&self, expr: &Expr) -> bool {
        reads_submitter(expr, self.defines)
    }

    fn step(&mut self, step: &Step<'_>, authority: Option<&Authority>) {
        self.by_post |= step.whens.iter().any(|when| self.by_submitter(when));
        match step.node {
            Node::Signer(signer) => {
                self.by_post |= signer.only_if.iter().any(|(only_if, _)| self.by_submitter(only_if));
                self.who(&signer.who);
                signer.except.iter().for_each(|who| self.who(who));
            }
            Node::Climb(climb) => {
                let whens = climb.at_least.iter().filter_map(|level| level.when.as_ref());
                let mut whens = whens.chain(climb.besides().filter_map(|b| b.when.as_ref()));
                self.by_post |= whens.any(|when| self.by_submitter(when));
                climb.besides().for_each(|beside| self.who(&beside.who));
                match authority.map(|authority| &authority.line) {
                    Some(Line::List(names)) => names.iter().for_each(|name| self.name(name)),
                    _ => self.by_line = true,
                }
                self.organisation.groups.values().for_each(|g| self.positions.extend(g.members.clone()));
                let limits =
                    authority.into_iter().flat_map(|a| &a.limits).flat_map(|set| set.limits.values());
                limits.flat_map(|limit| &limit.beside).for_each(|name| self.name(name));
            }
            _ => self.by_post = true,
        }
    }

    fn name(&mut self, name: &Name) {
        match self.organisation.groups.get(name) {
            Some(group) => self.positions.extend(group.members.iter().cloned()),
            None => drop(self.positions.insert(name.clone())),
        }
    }

    fn who(&mut self, who: &Who) {
        match who {
            Who::Position(name) | Who::Group(name) | Who::GroupNeed(name, _) => self.name(name),
            Who::KindAt(kind, unit) if !self.by_submitter(unit) => {
                let of_kind = self.organisation.positions.iter().filter(|(_, post)| post.kind == *kind);
                self.positions.extend(of_kind.map(|(name, _)| name.clone()));
            }
            Who::Each(several) => several.iter().for_each(|who| self.who(who)),
            Who::FirstOf(several) => {
                for (when, who) in several {
                    self.by_post |= when.as_ref().is_some_and(|when| self.by_submitter(when));
                    self.who(who);
                }
            }
            _ => self.by_post = true,
        }
    }

    /// Everybody who might answer for these posts: their holders, those of their superiors, and who stands in.
    fn persons<'n>(&self, posts: impl Iterator<Item = &'n Name>) -> BTreeSet<Name> {
        let mut all: BTreeSet<Name> = BTreeSet::new();
        for post in posts {
            if all.insert(post.clone()) {
                all.extend(self.organisation.superiors(post));
            }
        }
        let positions = &self.organisation.positions;
        let acting =
            all.iter().filter_map(|name| positions.get(name)?.acting.as_ref()).map(|acting| &acting.by);
        let delegated =
            self.organisation.delegations.values().filter(|d| all.contains(&d.from)).map(|d| &d.to);
        let all = all.iter().chain(acting).chain(delegated);
        all.filter_map(|name| positions.get(name)).flat_map(|post| post.holders.clone()).collect()
    }
}
