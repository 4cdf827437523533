//! What is set aside, used up and given back: all that a state moves in one batch of events, or none of it.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::outside::Place;
use super::{Ctx, internal};
use crate::command::{CaseNo, LotNo};
use crate::definition::{Account, HoldSource, MoveDef, MoveOf, ReserveDef, RestoreDef};
use crate::eval::{Scope, amount_of, evaluate, row_key, standing};
use crate::event::{Consumed, Event, Released, ReleasedWhy, ReservationRefused, Reserved, Restored};
use crate::expr::Expr;
use crate::name::Name;
use crate::rejection::{Code, Rejection};
use crate::state::{Lot, State};
use crate::value::Value;

/// More than these is a mistake: a balance stays exact far beyond them.
const BALANCE_MAX: i64 = i64::MAX;

/// The books as they would be after what a state has moved so far.
struct Books<'a> {
    place: &'a Place<'a>,
    scope: Scope<'a>,
    /// By how much less is free, by account and key.
    taken: BTreeMap<(Name, Name), Decimal>,
    /// By how much less is left of lots.
    drawn: BTreeMap<(CaseNo, LotNo), Decimal>,
    moves: Vec<Event>,
    refused: Vec<Event>,
}

/// What a state asks for, and of what.
struct Asked<'a> {
    name: &'a str,
    account: Name,
    key: Name,
    asked: Decimal,
    free: Decimal,
}

/// Sets amounts aside, all of them or none.
pub(super) fn reserve(place: &Place<'_>, def: &ReserveDef) -> Result<Vec<Event>, Rejection> {
    let mut books = Books::of(place);
    let mut lot = place.case.outward().and_then(|own| own.holds.as_ref()).map_or(0, |holds| holds.last);
    for (name, amount, source) in &def.holds {
        let amount = evaluate(amount, &books.scope)?;
        match source {
            HoldSource::Account { account, key } => {
                let (account, key) = books.account(account, key)?;
                let asked = amount_of(account, &amount)?;
                let over = def.overdraw.as_ref().map(|over| evaluate(over, &books.scope)).transpose()?;
                let over = over.map_or(Ok(Decimal::ZERO), |over| amount_of(account, &over))?;
                if books.is_free((account, &key), asked, (name, over, def.short.as_ref()))? {
                    lot += 1;
                    books.reserved(lot, name, (&account.name, &key, asked), None);
                }
            }
            HoldSource::Hold { case, hold } => {
                let case = books.case(case)?;
                if case == place.case.number() {
                    let message = format!("expected another case's hold to take {name} from, found its own");
                    return Err(Rejection::new(Code::Unevaluable, message));
                }
                let lots = books.lots(case, |lot| lot.name == *hold);
                let drawn = books.draw(name, lots, Some(&amount), def.short.as_ref())?;
                for (from, of, amount) in drawn {
                    lot += 1;
                    books.reserved(lot, name, (&of.account, &of.key, amount), Some(from));
                }
            }
        }
    }
    Ok(books.closed())
}

/// Uses amounts up, all of them or none.
pub(super) fn consume(place: &Place<'_>, moves: &[MoveDef]) -> Result<Vec<Event>, Rejection> {
    let mut books = Books::of(place);
    for MoveDef { amount, of } in moves {
        let amount = amount.as_ref().map(|amount| evaluate(amount, &books.scope)).transpose()?;
        if let MoveOf::Account { account, key } = of {
            let (account, key) = books.account(account, key)?;
            let amount = amount.ok_or_else(|| internal("what is used of an account itself has an amount"))?;
            let asked = amount_of(account, &amount)?;
            if books.is_free((account, &key), asked, ("", Decimal::ZERO, None))? && !asked.is_zero() {
                *books.taken.entry((account.name.clone(), key.clone())).or_default() += asked;
                books.consumed(None, (&account.name, &key, asked));
            }
            continue;
        }
        let (name, lots) = books.of_move(of)?;
        for (lot, of, amount) in books.draw(name, lots, amount.as_ref(), None)? {
            if !amount.is_zero() {
                books.consumed(Some(lot), (&of.account, &of.key, amount));
            }
        }
    }
    Ok(books.closed())
}

/// Gives back what is held, all of it or none.
pub(super) fn release(place: &Place<'_>, moves: &[MoveDef]) -> Result<Vec<Event>, Rejection> {
    let mut books = Books::of(place);
    for MoveDef { amount, of } in moves {
        let amount = amount.as_ref().map(|amount| evaluate(amount, &books.scope)).transpose()?;
        let (name, lots) = books.of_move(of)?;
        for (lot, of, amount) in books.draw(name, lots, amount.as_ref(), None)? {
            if !amount.is_zero() {
                let event = released(place.ctx.state, (lot, of), amount, ReleasedWhy::Asked);
                books.moves.push(event);
            }
        }
    }
    Ok(books.closed())
}

/// Frees what was used up.
pub(super) fn restore(place: &Place<'_>, moves: &[RestoreDef]) -> Result<Vec<Event>, Rejection> {
    let mut books = Books::of(place);
    for RestoreDef { amount, account, key } in moves {
        let amount = evaluate(amount, &books.scope)?;
        let (account, key) = books.account(account, key)?;
        let asked = amount_of(account, &amount)?;
        let of = (account.name.clone(), key.clone());
        let used = place.ctx.state.balance(&account.name, &key).map_or(Decimal::ZERO, |b| b.used);
        let free = used - books.taken.get(&of).copied().unwrap_or_default();
        if asked > free {
            let asked = Asked { name: "", account: account.name.clone(), key, asked, free };
            books.refuse(asked, &Name::from("MORE_THAN_USED"));
        } else if !asked.is_zero() {
            *books.taken.entry(of).or_default() += asked;
            let (case, account) = (place.case.number(), account.name.clone());
            let restored = Restored { case, account, key, amount: asked, undo: false, back_to: None };
            books.moves.push(Event::Restored(restored));
        }
    }
    Ok(books.closed())
}

type Drawn<'a> = Vec<((CaseNo, LotNo), &'a Lot, Decimal)>;

impl<'a> Books<'a> {
    fn of(place: &'a Place<'a>) -> Books<'a> {
        let (taken, drawn) = (BTreeMap::new(), BTreeMap::new());
        Books { place, scope: place.scope(), taken, drawn, moves: Vec::new(), refused: Vec::new() }
    }

    fn ctx(&self) -> Ctx<'a> {
        self.place.ctx
    }

    /// What was moved, or what was refused, and the outcome.
    fn closed(self) -> Vec<Event> {
        let (mut events, outcome) = match self.refused.is_empty() {
            true => (self.moves, "done"),
            false => (self.refused, "insufficient"),
        };
        events.push(self.place.closed(outcome));
        events
    }

    fn account(&self, name: &Name, key: &[Expr]) -> Result<(&'a Account, Name), Rejection> {
        let account = account(&self.ctx(), name)?;
        let parts = key.iter().map(|part| evaluate(part, &self.scope)).collect::<Result<Vec<_>, _>>()?;
        if parts.contains(&Value::Missing) {
            let message = format!("expected a key of account {name}, found none; give it one, or an `else`");
            return Err(Rejection::new(Code::Unevaluable, message));
        }
        Ok((account, row_key(&parts)))
    }

    fn case(&self, of: &Expr) -> Result<CaseNo, Rejection> {
        match evaluate(of, &self.scope)? {
            Value::Case(number) => Ok(number),
            found => {
                let message = format!("expected a case that holds something, found {found}");
                Err(Rejection::new(Code::Unevaluable, message))
            }
        }
    }

    /// Whether so much is free, or was approved to be missing. It counts as taken where a name is given.
    fn is_free(
        &mut self,
        (account, key): (&Account, &Name),
        asked: Decimal,
        (name, over, short): (&str, Decimal, Option<&Name>),
    ) -> Result<bool, Rejection> {
        let ctx = self.ctx();
        let standing = standing(ctx.state, ctx.at, (account, key), false)?;
        let of = (account.name.clone(), key.clone());
        let taken = self.taken.get(&of).copied().unwrap_or_default();
        let total = standing.used.saturating_add(standing.reserved).saturating_add(taken);
        if total.saturating_add(asked) > Decimal::from(BALANCE_MAX) {
            let message = format!("expected {} of {key} to stay below {BALANCE_MAX}", account.name);
            return Err(Rejection::new(Code::Unevaluable, message));
        }
        // Nothing can always be had, even where more is used up than there is.
        let free = standing.free().map(|free| free.saturating_sub(taken));
        if let Some(free) = free.filter(|free| free.saturating_add(over) < asked && !asked.is_zero()) {
            let asked = Asked { name, account: account.name.clone(), key: key.clone(), asked, free };
            self.refuse(asked, short.unwrap_or(&account.short));
            return Ok(false);
        }
        Ok(true)
    }

    /// The lots of a case, open or over.
    fn lots(&self, case: CaseNo, is: impl Fn(&Lot) -> bool) -> Vec<((CaseNo, LotNo), &'a Lot)> {
        let holds = self.ctx().state.holds(case);
        let lots = holds.into_iter().flat_map(|holds| holds.lots.iter());
        lots.filter(|(_, lot)| is(lot)).map(|(number, lot)| ((case, *number), lot)).collect()
    }

    #[allow(clippy::type_complexity)]
    fn of_move<'d>(&self, of: &'d MoveOf) -> Result<(&'d str, Vec<((CaseNo, LotNo), &'a Lot)>), Rejection> {
        let own = self.place.case.number();
        Ok(match of {
            MoveOf::Own(hold) => (hold.as_str(), self.lots(own, |lot| lot.name == *hold)),
            MoveOf::Of { case, hold } => {
                (hold.as_str(), self.lots(self.case(case)?, |lot| lot.name == *hold))
            }
            MoveOf::Taken(chain) => (chain.as_str(), self.lots(own, |lot| lot.with.as_ref() == Some(chain))),
            MoveOf::Account { .. } => return Err(internal("what is given back of an account is a hold")),
        })
    }

    /// Takes an amount, or all there is, out of lots, oldest first. Nothing where there is too little. An amount of
    /// nothing is one of the first lot.
    fn draw(
        &mut self,
        name: &str,
        lots: Vec<((CaseNo, LotNo), &'a Lot)>,
        amount: Option<&Value>,
        short: Option<&Name>,
    ) -> Result<Drawn<'a>, Rejection> {
        let mut left = None;
        if let (Some(amount), Some((_, first))) = (amount, lots.first()) {
            left = Some(amount_of(account(&self.ctx(), &first.account)?, amount)?);
        }
        let (mut drawn, mut free) = (Drawn::new(), Decimal::ZERO);
        for (number, lot) in &lots {
            let there = lot.amount - self.drawn.get(number).copied().unwrap_or_default();
            free += there;
            let part = left.map_or(there, |left| left.min(there));
            if !part.is_zero() || drawn.is_empty() && left.is_some_and(|left| left.is_zero()) {
                drawn.push((*number, *lot, part));
                left = left.map(|left| left - part);
            }
            if left.is_some_and(|left| left.is_zero()) {
                break;
            }
        }
        let asked = amount.and_then(Value::decimal).unwrap_or_default();
        if left.is_some_and(|left| !left.is_zero()) || lots.is_empty() && !asked.is_zero() {
            let first = lots.first().map(|(_, lot)| (lot.account.clone(), lot.key.clone()));
            let (account, key) = first.unwrap_or_default();
            let usual = self.ctx().active.account(&account).map(|account| account.short.clone());
            let code = short.cloned().or(usual).unwrap_or_else(|| Name::from("INSUFFICIENT"));
            self.refuse(Asked { name, account, key, asked, free }, &code);
            return Ok(Drawn::new());
        }
        for (number, _, part) in &drawn {
            *self.drawn.entry(*number).or_default() += *part;
        }
        Ok(drawn)
    }

    fn refuse(&mut self, Asked { name, account, key, asked, free }: Asked<'_>, code: &Name) {
        let (case, name, code) = (self.place.case.number(), Name::from(name), code.clone());
        let refused = ReservationRefused { case, name, account, key, asked, free, code };
        self.refused.push(Event::ReservationRefused(refused));
    }

    fn reserved(
        &mut self,
        lot: LotNo,
        name: &Name,
        (account, key, amount): (&Name, &Name, Decimal),
        from: Option<(CaseNo, LotNo)>,
    ) {
        let (name, account, key) = (name.clone(), account.clone(), key.clone());
        if from.is_none() {
            *self.taken.entry((account.clone(), key.clone())).or_default() += amount;
        }
        let (case, state) = (self.place.case.number(), self.place.state);
        self.moves.push(Event::Reserved(Reserved { case, state, lot, name, account, key, amount, from }));
    }

    fn consumed(&mut self, lot: Option<(CaseNo, LotNo)>, (account, key, amount): (&Name, &Name, Decimal)) {
        let (case, state) = (self.place.case.number(), self.place.state);
        let (account, key) = (account.clone(), key.clone());
        self.moves.push(Event::Consumed(Consumed { case, state, lot, account, key, amount }));
    }
}

/// An account as it is defined now.
fn account<'a>(ctx: &Ctx<'a>, name: &Name) -> Result<&'a Account, Rejection> {
    ctx.active.account(name).ok_or_else(|| {
        let message = format!("expected an account named {name} among the active definitions, found none");
        Rejection::new(Code::Unevaluable, message)
    })
}

/// So much of a lot is given back: to the lot out of which it came, while that is there, or to the account.
pub(super) fn released(
    state: &State,
    ((case, lot), of): ((CaseNo, LotNo), &Lot),
    amount: Decimal,
    why: ReleasedWhy,
) -> Event {
    let back_to = of.from.filter(|lender| is_open(state, *lender));
    let (account, key) = (of.account.clone(), of.key.clone());
    Event::Released(Released { case, lot, account, key, amount, back_to, why })
}

/// Whether a lot is there, of a case that is open.
pub(super) fn is_open(state: &State, (case, lot): (CaseNo, LotNo)) -> bool {
    state.case(case).is_some() && state.holds(case).is_some_and(|holds| holds.lots.contains_key(&lot))
}
