//! What queries are answered with. Readers should ignore fields they do not know: views grow.

mod accounts;
mod case;
mod explain;
mod inbox;
mod organisation;
mod outward;
mod timeline;

pub use accounts::{AccountView, AccountsView, HeldAmount};
pub use case::{CaseView, Ended, HandlerView, OverrideView, RouteStep, Signature, Waiting};
pub use explain::{Explanation, ExplanationLine, PreviewStep, PreviewView};
pub use inbox::{InboxItem, InboxView, OpinionView};
pub use organisation::{
    ActingView, Answering, DelegationView, ImpactRow, ImpactView, OrganisationView, Organised, PostView,
};
pub use outward::{AlarmView, AskView, ChildView, CommandAnswer, CommandView, HeldView, WorkView};
pub use timeline::{TimelineEntry, TimelineView};
