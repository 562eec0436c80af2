//! Client secrets: made by Microsoft, kept in the store, renewed beside the old.

use crate::context::ConnectorContext;
use crate::credential::{self, Desk};
use crate::draft::Draft;
use crate::observed::Application;
use crate::record::CredentialKind;
use crate::step::Phase;

/// Plans the client secrets of an application, or of one that is yet to be made (`None`).
pub fn plan(
    context: &ConnectorContext<'_>,
    application: Option<&Application>,
    may_add: bool,
    mending: Phase,
    draft: &mut Draft,
) {
    let desk = Desk { kind: CredentialKind::ClientSecret, application, may_add, mending };
    credential::plan(context, &desk, draft);
}
