//! Which hosts a cloud has, and which of them may see a token.

use zrec::cloud::origin::{Endpoints, Origin, Trust, same_origin_path};
use zrec_plan::desired::{Cloud, CustomCloud};

#[test]
fn only_known_local_and_named_hosts_are_trusted() {
    // url, ZREC_TRUST_HOSTS, trusted
    let rows = [
        ("https://graph.microsoft.com", "", true),
        ("https://GRAPH.microsoft.com/v1.0", "", true),
        ("https://graph.microsoft.com.", "", true),
        ("https://dod-graph.microsoft.us", "", true),
        ("https://login.chinacloudapi.cn", "", true),
        ("https://management.usgovcloudapi.net", "", true),
        ("https://graph.microsoft.com:8443", "", false),
        ("https://graph.microsoft.com.evil.example", "", false),
        ("https://evil.example/graph.microsoft.com", "", false),
        ("https://xgraph.microsoft.com", "", false),
        ("https://localhost:5000", "", true),
        ("https://127.0.0.1:5000", "", true),
        ("https://127.9.9.9", "", true),
        ("https://[::1]:5000", "", true),
        ("https://localhost.evil.example", "", false),
        ("https://127.0.0.1.evil.example", "", false),
        ("https://10.0.0.1", "", false),
        ("https://graph.example", "graph.example", true),
        ("https://graph.example:8443", "graph.example", true),
        ("https://graph.example:8443", " a.example , Graph.Example:8443 ", true),
        ("https://graph.example:9443", "graph.example:8443", false),
        ("https://sub.graph.example", "graph.example", false),
        ("https://graph.example", "example", false),
        ("https://graph.example", "*", false),
    ];
    for (url, list, expected) in rows {
        let origin = Origin::of(url).unwrap();
        assert_eq!(Trust::new(list).allows(&origin), expected, "{url} with `{list}`");
    }
}

#[test]
fn only_https_urls_without_credentials_are_origins() {
    let rows = [
        ("https://graph.microsoft.com", Some("https://graph.microsoft.com")),
        ("https://graph.microsoft.com:443/x?y", Some("https://graph.microsoft.com")),
        ("https://localhost:8443", Some("https://localhost:8443")),
        ("http://graph.microsoft.com", None),
        ("https://user:pass@graph.microsoft.com", None),
        ("https://graph.microsoft.com@evil.example", None),
        ("graph.microsoft.com", None),
        ("ftp://graph.microsoft.com", None),
        ("https://", None),
        ("", None),
    ];
    for (url, expected) in rows {
        let origin = Origin::of(url).ok().map(|origin| origin.to_string());
        assert_eq!(origin.as_deref(), expected, "{url}");
    }
}

#[test]
fn each_cloud_asks_for_tokens_of_its_own_graph() {
    let rows = [
        (
            Cloud::Public,
            "https://login.microsoftonline.com",
            "https://graph.microsoft.com/.default",
        ),
        (
            Cloud::UsgovGcc,
            "https://login.microsoftonline.com",
            "https://graph.microsoft.com/.default",
        ),
        (Cloud::UsgovL4, "https://login.microsoftonline.us", "https://graph.microsoft.us/.default"),
        (
            Cloud::UsgovL5,
            "https://login.microsoftonline.us",
            "https://dod-graph.microsoft.us/.default",
        ),
        (
            Cloud::China,
            "https://login.chinacloudapi.cn",
            "https://microsoftgraph.chinacloudapi.cn/.default",
        ),
    ];
    for (cloud, login, scope) in rows {
        let endpoints = Endpoints::of(&cloud).unwrap();
        assert_eq!(
            (endpoints.login.to_string().as_str(), endpoints.graph.scope.as_str()),
            (login, scope)
        );
        assert!(Trust::default().allows(&endpoints.graph.origin));
    }
    assert!(Endpoints::of(&Cloud::Emulator).is_err(), "it has no address until it runs");
    let custom = |login: &str, graph: &str| {
        Endpoints::of(&Cloud::Custom(CustomCloud {
            login: login.to_owned(),
            graph: graph.to_owned(),
            resource_manager: None,
            power_platform: None,
            power_platform_scope: None,
            key_vault_suffix: None,
        }))
    };
    let endpoints = custom("https://localhost:1/", "https://localhost:1/graph/").unwrap();
    assert_eq!(endpoints.graph.scope, "https://localhost:1/graph/.default");
    assert_eq!(endpoints.graph.base_path, "/graph");
    assert!(custom("https://localhost/tenant", "https://localhost").is_err());
    assert!(custom("http://localhost", "https://localhost").is_err());
    assert!(custom("https://localhost", "localhost").is_err());
    assert!(custom("https://localhost", "https://localhost/?x=").is_err());
}

#[test]
fn links_are_reduced_to_their_path() {
    let asked = Origin::of("https://graph.microsoft.com").unwrap();
    let link = "https://graph.microsoft.com/v1.0/applications?$skiptoken=RFN%204'x'&$top=9";
    let path = same_origin_path(&asked, link).unwrap();
    assert!(path.starts_with("/v1.0/applications?$skiptoken=RFN%204"), "{path}");
    assert!(same_origin_path(&asked, "https://graph.microsoft.us/v1.0/applications").is_err());
}
