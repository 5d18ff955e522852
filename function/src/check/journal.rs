//! The journal: readable, writable by who acts, and understood.

use crate::{
    clouds::{Checked, Problem},
    journal::JournalLocation,
    record::RecordError,
};

/// What a journal needs of its bucket.
pub(super) const PERMISSIONS: [&str; 3] =
    ["storage.objects.create", "storage.objects.get", "storage.objects.list"];

/// Permissions that would be missing when something is to be recorded.
pub(super) fn of_permissions(missing: &[&str], bucket: &str, member: &str) -> Option<Problem> {
    (!missing.is_empty()).then(|| {
        let sentence =
            format!("the journal can't be kept: {member} lacks {} on gs://{bucket}", missing.join(", "));
        let roles = [("roles/storage.objectCreator", true), ("roles/storage.objectViewer", false)];
        let lacks = |creates: bool| missing.iter().any(|one| (*one == PERMISSIONS[0]) == creates);
        let roles = roles.into_iter().filter(|(_, creates)| lacks(*creates));
        let grant = |(role, _)| {
            format!(
                "gcloud storage buckets add-iam-policy-binding gs://{bucket} --member {member} --role {role}"
            )
        };
        let mend = roles.map(grant).collect::<Vec<_>>().join(" && ");
        Problem::critical(sentence, mend)
    })
}

/// A journal whose newest entry could not be read.
pub(super) fn of_reading(error: &RecordError, location: &JournalLocation, site: &str, checked: &mut Checked) {
    let told = crate::log::chain(error);
    match error {
        RecordError::Unreadable { .. } => {
            checked.problem(Problem::critical(told, format!("failover send acknowledge --site {site}")));
        }
        RecordError::Store { source, .. } if source.is_permanent() => {
            checked.problem(Problem::critical(told, format!("gcloud storage ls {location}")));
        }
        RecordError::Store { .. }
        | RecordError::Silent(_)
        | RecordError::Illegal(_)
        | RecordError::Moved(_) => {
            checked.problem(Problem::warning(told, "failover check"));
        }
    }
}
