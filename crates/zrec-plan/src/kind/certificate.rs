//! Certificates: their private keys are in the store before anything is sent. Only SharePoint
//! wants one; what the records of another application name is still mended.

use crate::context::ConnectorContext;
use crate::credential::{self, Desk};
use crate::draft::Draft;
use crate::observed::Application;
use crate::record::CredentialKind;
use crate::step::Phase;

/// Plans the certificates of an application, or of one that is yet to be made (`None`).
pub fn plan(
    context: &ConnectorContext<'_>,
    application: Option<&Application>,
    may_add: bool,
    mending: Phase,
    draft: &mut Draft,
) {
    // Without terms nothing may be added: an open certificate is not sent.
    let may_add = may_add && context.want.certificate.is_some();
    let desk = Desk { kind: CredentialKind::Certificate, application, may_add, mending };
    credential::plan(context, &desk, draft);
}
