//! `delegate`, `while_delegated` and `end_delegation`: authority that a chain gives to another post for a time, as long as
//! that lasts, and takes back.
//!
//! ```text
//! granting:
//!   delegate: doc.delegation_no
//!   from: submitter
//!   to: doc.to
//!   authority: doc.authority
//!   up_to: doc.up_to
//!   since: doc.start
//!   until: doc.end
//!   next: { done: active, refused: rejected }
//! active:
//!   while_delegated: doc.delegation_no
//!   next: { due: over, ended: revoked }
//! ```

use countersign_core::definition::{Activity, DelegateDef};
use countersign_core::expr::Expr;
use countersign_core::value::Type;

use super::Context;
use super::outside::plain;
use super::states::Read;
use crate::codes;
use crate::condition::{self, Site};
use crate::read::Map;
use crate::yaml::Node;

/// What a delegation is said by.
const WHAT: &str = "a delegation";

impl Context<'_, '_> {
    pub(super) fn delegate(&self, node: &Node, map: &Map<'_>) -> Option<Read> {
        let report = &self.world.report;
        let need = |key: &str| map.need(key, WHAT, report);
        let name = self.handed(node, &Type::Text);
        let from = need("from").and_then(|n| self.handed(n, &Type::Position));
        let to = need("to").and_then(|n| self.handed(n, &Type::Position));
        let authority = need("authority").and_then(|n| self.authorities(n));
        let up_to = need("up_to").and_then(|n| self.handed(n, &Type::Money));
        let since = need("since").and_then(|n| self.handed(n, &Type::Time));
        let until = need("until").and_then(|n| self.handed(n, &Type::Time));
        let def = DelegateDef {
            name: name?,
            from: from?,
            to: to?,
            authority: authority?,
            up_to: up_to?,
            start: since?,
            end: until?,
        };
        Some(plain(Activity::Delegate(Box::new(def)), &["done", "refused"]))
    }

    pub(super) fn end_delegation(&self, node: &Node) -> Option<Read> {
        let name = self.handed(node, &Type::Text)?;
        Some(plain(Activity::EndDelegation(name), &["done"]))
    }

    pub(super) fn while_delegated(&self, node: &Node) -> Option<Read> {
        let name = self.handed(node, &Type::Text)?;
        Some(plain(Activity::WhileDelegated(name), &["due", "ended"]))
    }

    fn handed(&self, node: &Node, kind: &Type) -> Option<Expr> {
        let lowered = condition::of_type(&self.text(node)?, kind, &self.scope.at(Site::With));
        lowered.map(|lowered| lowered.expr)
    }

    /// Names of authorities: one, or a list of them, written out as words of a choice or known when the case comes.
    fn authorities(&self, node: &Node) -> Option<Expr> {
        let lowered = condition::any(&self.text(node)?, &self.scope.at(Site::With))?;
        let named = |kind: &Type| matches!(kind, Type::Text | Type::Choice(_));
        let fits = match &lowered.kind {
            Type::List(of) => named(of),
            kind => named(kind),
        };
        if fits {
            return Some(lowered.expr);
        }
        let message = format!("authorities are named by words or texts, not by {}", lowered.kind);
        let help = "name a field such as `authority: list of contract | claim`";
        self.world.report.error(codes::TYPE_ERROR, node.place, message, help);
        None
    }
}
