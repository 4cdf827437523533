//! What can be told of a condition from the amount and from who hands in. What else it reads is free: it may hold or
//! not.

use countersign_core::decide::Supposed;
use countersign_core::event::Party;
use countersign_core::expr::{Comparison, Expr};
use countersign_core::name::Name;
use countersign_core::value::Value;

/// Free conditions, each with an answer.
pub(super) type Answers = Vec<(Expr, bool)>;

/// What is known of a case that nobody has handed in.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) supposed: &'a Supposed,
    pub(super) defines: &'a [(Name, Expr)],
    pub(super) submitter: &'a Party,
    /// What is held against limits: the expression, and its value.
    pub(super) measured: Option<(&'a Expr, &'a Value)>,
    pub(super) free: &'a [(Expr, bool)],
}

impl Known<'_> {
    /// Whether a condition holds; None: that depends on what is not known.
    pub(super) fn truth(&self, expr: &Expr) -> Option<bool> {
        if let Some((_, answer)) = self.free.iter().find(|(free, _)| free == expr) {
            return Some(*answer);
        }
        match expr {
            Expr::And(parts) => {
                let parts: Vec<Option<bool>> = parts.iter().map(|part| self.truth(part)).collect();
                if parts.contains(&Some(false)) {
                    return Some(false);
                }
                parts.iter().all(|part| *part == Some(true)).then_some(true)
            }
            Expr::Or(parts) => {
                let parts: Vec<Option<bool>> = parts.iter().map(|part| self.truth(part)).collect();
                if parts.contains(&Some(true)) {
                    return Some(true);
                }
                parts.iter().all(|part| *part == Some(false)).then_some(false)
            }
            Expr::Not(of) => self.truth(of).map(|holds| !holds),
            Expr::Define(number) => self.truth(&self.defines.get(usize::from(*number))?.1),
            expr => match self.value(expr)? {
                Value::Flag(holds) => Some(holds),
                _ => None,
            },
        }
    }

    /// The value of an expression; None: that depends on what is not known.
    pub(super) fn value(&self, expr: &Expr) -> Option<Value> {
        let bare = stripped(expr, self.defines);
        if let Some((_, value)) =
            self.measured.filter(|(measured, _)| stripped(measured, self.defines) == bare)
        {
            return Some(value.clone());
        }
        let known = |of: &Expr| self.value(of).map(|value| Box::new(Expr::Const(value)));
        let again = match bare {
            Expr::Compare(op, a, b) => Expr::Compare(*op, known(a)?, known(b)?),
            Expr::Arith(op, a, b) => Expr::Arith(*op, known(a)?, known(b)?),
            Expr::Abs(of) => Expr::Abs(known(of)?),
            Expr::Floor(of) => Expr::Floor(known(of)?),
            Expr::Else(a, b) => Expr::Else(known(a)?, known(b)?),
            Expr::CurrencyOf(of) => Expr::CurrencyOf(known(of)?),
            bare if is_closed(bare) => bare.clone(),
            _ => return None,
        };
        self.supposed.value(&again, self.submitter)
    }
}

/// An expression without the names around it.
pub(super) fn stripped<'a>(mut expr: &'a Expr, defines: &'a [(Name, Expr)]) -> &'a Expr {
    // A define reads only earlier ones, so this ends.
    while let Expr::Define(number) = expr
        && let Some((_, define)) = defines.get(usize::from(*number))
    {
        expr = define;
    }
    expr
}

/// Whether an expression reads nothing but the rules and who hands in.
pub(super) fn is_closed(expr: &Expr) -> bool {
    let open = |part: &Expr| {
        !matches!(
            part,
            Expr::Const(_)
                | Expr::Submitter(_)
                | Expr::Driver(_)
                | Expr::Post(..)
                | Expr::Not(_)
                | Expr::And(_)
                | Expr::Or(_)
                | Expr::Compare(..)
                | Expr::Arith(..)
                | Expr::Contains(..)
                | Expr::List(_)
                | Expr::Else(..)
                | Expr::Pick(..)
                | Expr::Abs(_)
                | Expr::Floor(_)
                | Expr::Min(_)
                | Expr::Max(_)
                | Expr::Days(_)
        )
    };
    !expr.any(&open) && !expr.any(&|part| matches!(part, Expr::Driver(_)))
}

/// Whether an expression reads another one, through names too.
pub(super) fn reads(expr: &Expr, what: &Expr, defines: &[(Name, Expr)]) -> bool {
    expr.any(&|part| {
        part == what
            || matches!(part, Expr::Define(n) if defines.get(usize::from(*n)).is_some_and(|d| reads(&d.1, what, defines)))
    })
}

/// Takes a condition apart: what of it is free, and the constants that the amount is compared with.
pub(super) struct Apart<'a> {
    pub(super) defines: &'a [(Name, Expr)],
    pub(super) measured: Option<&'a Expr>,
    pub(super) free: Vec<Expr>,
    pub(super) compared: Vec<Value>,
}

impl<'a> Apart<'a> {
    pub(super) fn new(defines: &'a [(Name, Expr)], measured: Option<&'a Expr>) -> Apart<'a> {
        Apart {
            defines,
            measured: measured.map(|expr| stripped(expr, defines)),
            free: Vec::new(),
            compared: Vec::new(),
        }
    }

    pub(super) fn condition(&mut self, expr: &Expr) {
        let defines = self.defines;
        let by_amount = self.measured.is_some_and(|measured| reads(expr, measured, defines));
        match expr {
            Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|part| self.condition(part)),
            Expr::Not(of) => self.condition(of),
            Expr::Define(_) if by_amount => self.condition(stripped(expr, defines)),
            expr if is_closed(stripped(expr, defines)) => {}
            Expr::Compare(_, a, b) if by_amount && self.against(a, b) => {}
            free if !self.free.contains(free) => self.free.push(free.clone()),
            _ => {}
        }
    }

    /// Whether the amount is compared with a constant here, which is noted.
    fn against(&mut self, a: &Expr, b: &Expr) -> bool {
        let measured = self.measured;
        let is_amount = |expr: &Expr| Some(stripped(expr, self.defines)) == measured;
        let constant = match (a, b) {
            (a, b) if is_amount(a) => b,
            (a, b) if is_amount(b) => a,
            _ => return false,
        };
        let Expr::Const(value) = stripped(constant, self.defines) else { return false };
        self.compared.push(value.clone());
        true
    }
}

/// Every way to answer free conditions that does not contradict itself.
pub(super) fn answers(free: &[Expr]) -> Vec<Answers> {
    let count = 1_u32 << free.len();
    let each = (0..count).map(|bits| {
        free.iter().enumerate().map(|(n, expr)| (expr.clone(), bits >> n & 1 == 1)).collect::<Answers>()
    });
    each.filter(|answers| is_consistent(answers)).collect()
}

/// Whether comparisons of one thing with several constants can all come out so.
fn is_consistent(answers: &[(Expr, bool)]) -> bool {
    let compared = |expr: &Expr| match expr {
        Expr::Compare(op, of, with) => match &**with {
            Expr::Const(value) => Some((*op, (**of).clone(), value.clone())),
            _ => None,
        },
        _ => None,
    };
    let all: Vec<_> = answers.iter().filter_map(|(expr, answer)| Some((compared(expr)?, *answer))).collect();
    all.iter().all(|((_, of, _), _)| {
        let same: Vec<_> = all.iter().filter(|((_, other, _), _)| other == of).collect();
        // Each constant, what lies just beside it, and something that is none of them.
        let mut tried: Vec<Option<Value>> = vec![None];
        for ((_, _, value), _) in &same {
            tried.push(Some(value.clone()));
            tried.extend(beside(value).into_iter().map(Some));
        }
        tried.iter().any(|tried| {
            same.iter().all(|((op, _, value), answer)| compare(*op, tried.as_ref(), value) == *answer)
        })
    })
}

fn beside(value: &Value) -> Vec<Value> {
    let step = rust_decimal::Decimal::new(1, 6);
    let moved = |by: rust_decimal::Decimal| match value {
        Value::Number(n) => n.checked_add(by).map(Value::Number),
        Value::Percent(n) => n.checked_add(by).map(Value::Percent),
        Value::Units(n) => n.checked_add(by).map(Value::Units),
        Value::Money(money) => money.amount.checked_add(by).map(|n| Value::money(n, money.currency)),
        _ => None,
    };
    [moved(step), moved(-step)].into_iter().flatten().collect()
}

fn compare(op: Comparison, value: Option<&Value>, with: &Value) -> bool {
    let order = value.and_then(|value| Some(value.decimal()?.cmp(&with.decimal()?)));
    match (op, order) {
        (Comparison::Equal, _) => value == Some(with),
        (Comparison::Unequal, _) => value != Some(with),
        (Comparison::Less, Some(order)) => order.is_lt(),
        (Comparison::AtMost, Some(order)) => order.is_le(),
        (Comparison::More, Some(order)) => order.is_gt(),
        (Comparison::AtLeast, Some(order)) => order.is_ge(),
        // Dates and times: nothing is concluded of their order.
        (_, None) => true,
    }
}
