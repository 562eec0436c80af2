//! The directory store: private, whole, never overwritten, never taken for empty.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use time::OffsetDateTime;
use zrec::failpoint::FailPoints;
use zrec::secret::Secret;
use zrec::store::{DirectoryStore, Place, Store, StoreFailure};
use zrec_plan::observed::Seen;
use zrec_plan::record::{CredentialKind, CredentialName, Entry, RunId, Transition};

const TENANT: &str = "3f0a9c52-6f0e-4c0b-9a55-2f1d8f0e7b11";
const APP: &str = "zrec.acme.teams";

fn open(root: &Path) -> Store {
    let (tenant, points) = (TENANT.parse().unwrap(), FailPoints::default());
    Store::Directory(DirectoryStore::new(root, "secrets", tenant, false, points))
}

fn place() -> Place {
    Place {
        tenant_id: TENANT.parse().unwrap(),
        unique_name: APP.to_owned(),
        name: CredentialName::from_bits(7),
        kind: CredentialKind::ClientSecret,
    }
}

fn at(transition: Transition) -> Entry {
    Entry { at: OffsetDateTime::UNIX_EPOCH, transition }
}

fn intended(run: &str) -> Entry {
    let app_id = TENANT.parse().unwrap();
    at(Transition::Intended { run: RunId(run.to_owned()), app_id, certificate: None })
}

fn minted() -> Entry {
    let (key_id, end) = (TENANT.parse().unwrap(), OffsetDateTime::UNIX_EPOCH);
    at(Transition::Minted { key_id, end })
}

fn mint(store: &Store, value: &str) -> Result<(), StoreFailure> {
    store.put(&place(), &intended("r"), None)?;
    store.put(&place(), &minted(), Some(&Secret::new(value.to_owned())))
}

fn folder(root: &Path) -> PathBuf {
    root.join("secrets").join(TENANT).join(APP).join(place().name.as_str())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn files_are_0600_and_directories_0700() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    store.begin(&RunId("r".to_owned())).unwrap();
    mint(&store, "v").unwrap();
    let mut path = folder(root.path()).join("20-minted.json");
    assert_eq!(mode(&path), 0o600);
    while path.pop() && path != root.path() {
        assert_eq!(mode(&path), 0o700, "{}", path.display());
    }
    assert_eq!(mode(&root.path().join("secrets").join(TENANT).join("runs/r.lock")), 0o600);
}

#[test]
fn a_reader_gets_transitions_and_a_person_the_value() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    mint(&store, "the-value-itself").unwrap();
    store.put(&place(), &at(Transition::Seen), None).unwrap();
    let records = store.records_of(APP).unwrap();
    assert_eq!(records.records[0].entries.len(), 3);
    assert!(!format!("{records:?}").contains("the-value-itself"));
    assert!(!serde_json::to_string(&records).unwrap().contains("the-value-itself"));
    assert_eq!(store.value(&place()).unwrap().expose(), "the-value-itself");
    assert!(store.records_of("zrec.acme.other").unwrap().records.is_empty());
}

#[test]
fn nothing_is_overwritten() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    mint(&store, "first").unwrap();
    mint(&store, "first").unwrap();
    let refused = mint(&store, "second").unwrap_err();
    assert!(!refused.may_have_happened());
    assert!(!refused.to_string().contains("second"));
    assert_eq!(store.value(&place()).unwrap().expose(), "first");
    // The same transition at another moment says nothing new.
    store.put(&place(), &at(Transition::Seen), None).unwrap();
    let later = Entry { at: OffsetDateTime::now_utc(), transition: Transition::Seen };
    store.put(&place(), &later, None).unwrap();
    assert_eq!(store.records_of(APP).unwrap().records[0].entries.len(), 3);
}

#[test]
fn a_value_stands_beside_the_transition_that_brings_it_only() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    let value = Secret::new("v".to_owned());
    assert!(store.put(&place(), &intended("r"), Some(&value)).is_err());
    assert!(store.put(&place(), &minted(), None).is_err());
    assert!(store.put(&place(), &at(Transition::Seen), Some(&value)).is_err());
}

#[test]
fn what_a_crash_left_unnamed_is_ignored() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    mint(&store, "v").unwrap();
    fs::write(folder(root.path()).join(".tmp-x1y2z3"), b"{\"value\":\"half").unwrap();
    let empty = folder(root.path()).with_file_name(CredentialName::from_bits(8).as_str());
    fs::create_dir(empty).unwrap();
    assert_eq!(store.records_of(APP).unwrap().records.len(), 1);
}

#[test]
fn what_a_crash_left_unnamed_goes_once_it_is_old() {
    let root = tempfile::tempdir().unwrap();
    let store = open(root.path());
    mint(&store, "v").unwrap();
    let (old, new) = (folder(root.path()).join(".tmp-old"), folder(root.path()).join(".tmp-new"));
    fs::write(&new, b"x").unwrap();
    let file = fs::File::create(&old).unwrap();
    file.set_modified(std::time::SystemTime::now() - std::time::Duration::from_secs(7200)).unwrap();
    store.begin(&RunId("r".to_owned())).unwrap();
    assert!(new.exists() && !old.exists());
}

#[test]
fn damage_is_never_absence() {
    let whole = {
        let root = tempfile::tempdir().unwrap();
        mint(&open(root.path()), "v").unwrap();
        fs::read_to_string(folder(root.path()).join("20-minted.json")).unwrap()
    };
    let elsewhere = whole.replace(TENANT, "11111111-2222-4333-8444-555555555555");
    let rows = [
        ("20-minted.json", String::new()),
        ("20-minted.json", whole[..whole.len() / 2].to_owned()),
        ("20-minted.json", whole.replace("\"version\":1", "\"version\":2")),
        ("20-minted.json", elsewhere),
        ("20-minted.json", whole.replace(",\"value\":\"v\"", "")),
        ("20-minted.json", whole.replace("\"value\"", "\"valu\"")),
        ("30-seen.json", whole.clone()),
        ("10-intended.json", "[]".to_owned()),
        ("note.txt", "hello".to_owned()),
    ];
    for (file, text) in rows {
        let root = tempfile::tempdir().unwrap();
        let store = open(root.path());
        mint(&store, "v").unwrap();
        fs::write(folder(root.path()).join(file), &text).unwrap();
        let seen = store.records([APP, "zrec.acme.other"].into_iter());
        assert!(matches!(seen[APP], Seen::Unreadable(_)), "{file}: {text}");
        assert!(matches!(seen["zrec.acme.other"], Seen::Present(_)), "others go on");
    }
    let root = tempfile::tempdir().unwrap();
    mint(&open(root.path()), "v").unwrap();
    fs::remove_file(folder(root.path()).join("10-intended.json")).unwrap();
    assert!(open(root.path()).records_of(APP).is_err(), "without its intent");
}

#[test]
fn a_refusal_is_certain() {
    let root = tempfile::tempdir().unwrap();
    // A file where a directory must be: the same path for root and for others.
    fs::write(root.path().join("secrets"), b"").unwrap();
    let refused = mint(&open(root.path()), "v").unwrap_err();
    assert!(!refused.may_have_happened(), "{refused}");
    assert!(open(root.path()).begin(&RunId("r".to_owned())).is_err());
}

#[test]
fn two_writers_at_once_leave_one_whole_object() {
    let root = tempfile::tempdir().unwrap();
    let write = |value: String| {
        let store = open(root.path());
        move || mint(&store, &value)
    };
    let results: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8).map(|n| scope.spawn(write(format!("value-{n}")))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
    assert!(open(root.path()).value(&place()).unwrap().expose().starts_with("value-"));
    let left = fs::read_dir(folder(root.path())).unwrap().count();
    assert_eq!(left, 2, "nothing unnamed is left behind");
}

#[test]
fn a_run_is_over_when_its_lock_can_be_taken_on_the_same_boot() {
    let root = tempfile::tempdir().unwrap();
    let over = |run: &str| {
        open(root.path()).records_of(APP).unwrap().runs_over.contains(&RunId(run.to_owned()))
    };
    let store = open(root.path());
    store.begin(&RunId("r".to_owned())).unwrap();
    store.put(&place(), &intended("r"), None).unwrap();
    assert!(!over("r"), "it is running");
    drop(store);
    assert!(over("r"), "it ended without a word");
    let runs = root.path().join("secrets").join(TENANT).join("runs");
    fs::write(runs.join("elsewhere.lock"), "another boot").unwrap();
    assert!(!over("elsewhere"), "its lock proves nothing here");
    assert!(!over("never-seen"));
    // It left an intent open: its file stays, so that the next run may know.
    let next = open(root.path());
    next.begin(&RunId("s".to_owned())).unwrap();
    next.end();
    assert!(runs.join("r.lock").exists() && !runs.join("s.lock").exists());
    next.put(&place(), &at(Transition::Aborted), None).unwrap();
    next.begin(&RunId("t".to_owned())).unwrap();
    next.end();
    assert!(!runs.join("r.lock").exists() && !runs.join("t.lock").exists());
}

#[test]
fn git_does_not_see_it() {
    let root = tempfile::tempdir().unwrap();
    let git = |arguments: &[&str]| {
        let output = Command::new("git").arg("-C").arg(root.path()).args(arguments).output();
        String::from_utf8(output.unwrap().stdout).unwrap()
    };
    git(&["init", "--quiet"]);
    let store = open(root.path());
    store.begin(&RunId("r".to_owned())).unwrap();
    mint(&store, "v").unwrap();
    assert_eq!(git(&["status", "--porcelain", "--untracked-files=all"]), "");
    // Somebody made it visible again: nothing more is minted there.
    fs::write(root.path().join("secrets/.gitignore"), "!*\n").unwrap();
    let refused = open(root.path()).begin(&RunId("s".to_owned())).unwrap_err();
    assert!(refused.to_string().contains("git does not ignore it"), "{refused}");
}

#[test]
fn a_place_that_others_can_write_to_is_refused() {
    let root = tempfile::tempdir().unwrap();
    let secrets = root.path().join("secrets");
    fs::create_dir(&secrets).unwrap();
    fs::set_permissions(&secrets, fs::Permissions::from_mode(0o777)).unwrap();
    let refused = open(root.path()).begin(&RunId("r".to_owned())).unwrap_err();
    assert!(refused.to_string().contains("chmod 700"), "{refused}");
}

#[test]
fn a_link_does_not_lead_out_of_the_root() {
    let (root, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    std::os::unix::fs::symlink(elsewhere.path(), root.path().join("secrets")).unwrap();
    let refused = open(root.path()).begin(&RunId("r".to_owned())).unwrap_err();
    assert!(refused.to_string().contains("out of the set's root"), "{refused}");
}
