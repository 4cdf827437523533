//! Reaching real NATS servers: over TLS, with passwords, nkeys and credentials; and every file that is not what it
//! should be, named.

mod support;

use std::path::PathBuf;
use std::time::Duration;

use countersign_nats::{Credentials, Endpoint, NatsAccessError, Secret, Tls, connect};
use support::{Authority, Nats, operator, user_key};

const PATIENCE: Duration = Duration::from_secs(10);

fn endpoint(url: String, credentials: Credentials) -> Endpoint {
    Endpoint { url, credentials, tls: Tls::default(), allow_cleartext: false }
}

fn password(password: &str) -> Credentials {
    Credentials::UserPassword { user: "engine".into(), password: Secret::new(password) }
}

async fn connected(endpoint: &Endpoint) -> Result<async_nats::Client, NatsAccessError> {
    connect(endpoint, PATIENCE, |options| options).await
}

/// The code that an endpoint is refused with, and the sentence.
async fn refused(endpoint: &Endpoint) -> (&'static str, String) {
    let error = connect(endpoint, Duration::from_millis(1), |options| options).await.err();
    let error = error.unwrap_or_else(|| panic!("expected {endpoint:?} to be refused"));
    (error.code(), error.to_string())
}

const ONE_USER: &str = "authorization { users: [ { user: engine, password: right } ] }\n";

#[tokio::test]
async fn a_password_goes_over_tls_to_a_server_of_the_named_authority_only() {
    let (authority, other) = (Authority::new(), Authority::new());
    let nats = Nats::start(&format!("{ONE_USER}{}", authority.tls("")));
    let believing = |ca: Option<PathBuf>| Endpoint {
        tls: Tls { ca, ..Tls::default() },
        ..endpoint(nats.url("tls"), password("right"))
    };
    let client = connected(&believing(Some(authority.path("ca.pem")))).await.expect("it is let in");
    assert!(client.server_info().auth_required);
    let (code, why) = refused(&believing(Some(other.path("ca.pem")))).await;
    assert_eq!(code, "NATS_TLS", "{why}");
    let (code, why) = refused(&believing(None)).await;
    assert_eq!(code, "NATS_TLS", "the system knows nothing of this authority: {why}");
    let wrong = Endpoint { credentials: password("wrong"), ..believing(Some(authority.path("ca.pem"))) };
    let (code, why) = refused(&wrong).await;
    assert_eq!(code, "NATS_REFUSED");
    assert!(!why.contains("wrong"), "{why}");
}

#[tokio::test]
async fn a_server_may_ask_for_a_certificate_and_go_by_it() {
    let authority = Authority::new();
    let users = "authorization { users: [ { user: engine } ] }\n";
    let nats = Nats::start(&format!("{users}{}", authority.tls(", verify_and_map: true")));
    let ca = Some(authority.path("ca.pem"));
    let bare = Endpoint {
        tls: Tls { ca: ca.clone(), ..Tls::default() },
        ..endpoint(nats.url("tls"), Credentials::None)
    };
    let (code, why) = refused(&bare).await;
    assert!(["NATS_TLS", "NATS_UNREACHABLE"].contains(&code), "{code} {why}");
    let tls = Tls {
        ca,
        certificate: Some(authority.path("client.pem")),
        key: Some(authority.path("client-key.pem")),
    };
    let shown = Endpoint { tls, ..bare };
    connected(&shown).await.expect("it is let in");
    // Without the certificate, which is who this side is, nobody gets in.
    let probe = shown.probe().expect("options").connect(nats.url("tls")).await;
    assert!(probe.is_err(), "the server lets nobody in without a certificate");
}

#[tokio::test]
async fn an_nkey_signs_and_stays_here() {
    let (public, seed) = user_key();
    let (_, stranger) = user_key();
    let nats = Nats::start(&format!("authorization {{ users: [ {{ nkey: {public} }} ] }}\n"));
    let with = |seed: &str| endpoint(nats.url("nats"), Credentials::NkeySeed(Secret::new(seed)));
    connected(&with(&seed)).await.expect("it is let in");
    let folder = Authority::new();
    let file = Credentials::NkeyFile(folder.write("seed", &format!("{seed}\n")));
    connected(&endpoint(nats.url("nats"), file)).await.expect("it is let in");
    assert_eq!(refused(&with(&stranger)).await.0, "NATS_REFUSED");
}

#[tokio::test]
async fn a_credentials_file_is_believed_where_its_operator_is() {
    let ((server, credentials), (_, foreign)) = (operator(), operator());
    let (nats, folder) = (Nats::start(&server), Authority::new());
    let with = |name: &str, text: &str| {
        endpoint(nats.url("nats"), Credentials::CredentialsFile(folder.write(name, text)))
    };
    connected(&with("own.creds", &credentials)).await.expect("it is let in");
    assert_eq!(refused(&with("foreign.creds", &foreign)).await.0, "NATS_REFUSED");
}

#[tokio::test]
async fn a_secret_does_not_cross_a_network_in_the_clear() {
    let clear = |url: &str| endpoint(url.to_owned(), password("s3cret"));
    for url in
        ["nats://192.0.2.1:4222", "nats://127.0.0.1:1,nats://nats.example:4222", "nats://[2001:db8::1]:4222"]
    {
        let (code, why) = refused(&clear(url)).await;
        assert_eq!(code, "NATS_CLEARTEXT", "{url}");
        assert!(!why.contains("s3cret"), "{why}");
        let token = Endpoint { credentials: Credentials::Token(Secret::new("s3cret")), ..clear(url) };
        assert_eq!(refused(&token).await.0, "NATS_CLEARTEXT");
        let said = Endpoint { allow_cleartext: true, ..clear(url) };
        said.options().expect("it was said in so many words");
        let seed = Endpoint { credentials: Credentials::NkeySeed(Secret::new(user_key().1)), ..clear(url) };
        seed.options().expect("a seed stays here");
    }
    for url in [
        "nats://127.0.0.1:4222",
        "nats://localhost:4222",
        "nats://[::1]:4222",
        "127.0.0.1",
        "tls://nats.example",
    ] {
        clear(url).options().unwrap_or_else(|error| panic!("{url}: {error}"));
    }
    // One address with TLS asks for it on all of them.
    clear("tls://a.example:4222,nats://b.example:4222").options().expect("TLS to both");
}

#[tokio::test]
async fn a_server_without_tls_is_not_spoken_to_where_tls_is_wanted() {
    let nats = Nats::start(ONE_USER);
    let (code, why) = refused(&endpoint(nats.url("tls"), password("right"))).await;
    assert!(["NATS_TLS", "NATS_UNREACHABLE"].contains(&code), "{code}: {why}");
}

#[tokio::test]
async fn what_is_wrong_with_a_file_is_said_with_its_name_and_without_its_content() {
    let (authority, other) = (Authority::new(), Authority::new());
    let nowhere = "tls://127.0.0.1:1".to_owned();
    let text = authority.write("note.txt", "t0p-s3cret");
    let (_, seed) = user_key();
    let account = nkeys::KeyPair::new_account().seed().expect("a seed");
    let tls = |ca: Option<PathBuf>, certificate: Option<PathBuf>, key: Option<PathBuf>| Tls {
        ca,
        certificate,
        key,
    };
    let (certificate, key) = (authority.path("client.pem"), authority.path("client-key.pem"));
    let files = [
        (tls(Some(authority.path("absent.pem")), None, None), "NATS_CA", "absent.pem"),
        (tls(Some(text.clone()), None, None), "NATS_CA", "note.txt"),
        (tls(None, Some(certificate.clone()), None), "NATS_CERTIFICATE", "without its key"),
        (tls(None, None, Some(key)), "NATS_CERTIFICATE", "without its certificate"),
        (tls(None, Some(certificate.clone()), Some(text.clone())), "NATS_CERTIFICATE", "note.txt"),
        (
            tls(None, Some(certificate), Some(other.path("client-key.pem"))),
            "NATS_CERTIFICATE",
            "client-key.pem",
        ),
    ];
    for (tls, expected, said) in files {
        let (code, why) = refused(&Endpoint { tls, ..endpoint(nowhere.clone(), Credentials::None) }).await;
        assert_eq!(code, expected, "{why}");
        assert!(why.contains(said) && !why.contains("t0p-s3cret"), "{why}");
    }
    let credentials = [
        (Credentials::NkeySeed(Secret::new("SUt0p-s3cret")), "an nkey"),
        (Credentials::NkeySeed(Secret::new(account)), "SU"),
        (Credentials::NkeyFile(text.clone()), "note.txt"),
        (Credentials::CredentialsFile(text), "note.txt"),
        (Credentials::CredentialsFile(authority.path("absent.creds")), "absent.creds"),
        (
            Credentials::CredentialsFile(authority.write("large.creds", &"t0p-s3cret".repeat(10_000))),
            "100000 bytes",
        ),
    ];
    for (credentials, said) in credentials {
        let (code, why) = refused(&endpoint(nowhere.clone(), credentials)).await;
        assert_eq!(code, "NATS_CREDENTIALS", "{why}");
        assert!(why.contains(said) && !why.contains("t0p-s3cret"), "{why}");
    }
    endpoint(nowhere, Credentials::NkeySeed(Secret::new(format!(" {seed}\n"))))
        .options()
        .expect("space is no matter");
}

#[tokio::test]
async fn an_address_that_is_none_or_holds_a_password_is_refused_without_showing_it() {
    for url in ["nats://engine:hunter2@127.0.0.1", "http://127.0.0.1", "ws://127.0.0.1", "nats://", "", "a b"]
    {
        let (code, why) = refused(&endpoint(url.to_owned(), Credentials::None)).await;
        assert_eq!(code, "NATS_URL", "{url}");
        assert!(!why.contains("hunter2"), "{why}");
    }
}

#[test]
fn secrets_are_not_shown() {
    let credentials = [password("hunter2"), Credentials::Token(Secret::new("hunter2"))];
    for credentials in credentials {
        assert!(!format!("{:?}", endpoint("nats://127.0.0.1".into(), credentials)).contains("hunter2"));
    }
}
