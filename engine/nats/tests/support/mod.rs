//! Authorities, certificates, nkeys and credentials of a test, and nats-server on any configuration.
#![allow(dead_code, unreachable_pub, reason = "each test program uses its part")]

use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use nkeys::KeyPair;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair as TlsKey};

/// An authority with a certificate for the loopback address and one for a client, as files.
pub struct Authority {
    pub folder: tempfile::TempDir,
}

impl Authority {
    pub fn new() -> Authority {
        let folder = tempfile::tempdir().expect("a folder");
        let mut params = CertificateParams::new(Vec::<String>::new()).expect("parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = TlsKey::generate().expect("a key");
        let own = params.self_signed(&key).expect("a certificate");
        let authority = Authority { folder };
        authority.write("ca.pem", &own.pem());
        let issuer = Issuer::new(params, key);
        for (name, hosts) in [("server", vec!["127.0.0.1".to_owned()]), ("client", vec!["engine".to_owned()])]
        {
            let key = TlsKey::generate().expect("a key");
            let params = CertificateParams::new(hosts).expect("parameters");
            let certificate = params.signed_by(&key, &issuer).expect("a certificate");
            authority.write(&format!("{name}.pem"), &certificate.pem());
            authority.write(&format!("{name}-key.pem"), &key.serialize_pem());
        }
        authority
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the folder.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).expect("a file");
        path
    }

    /// The block of a configuration that makes a server speak TLS with the certificate of this authority.
    pub fn tls(&self, more: &str) -> String {
        format!(
            "tls {{ cert_file: {:?}, key_file: {:?}, ca_file: {:?}, timeout: 5 {more} }}\n",
            self.path("server.pem"),
            self.path("server-key.pem"),
            self.path("ca.pem")
        )
    }
}

/// An nkey of a user: its public half and its seed.
pub fn user_key() -> (String, String) {
    let pair = KeyPair::new_user();
    (pair.public_key(), pair.seed().expect("a seed"))
}

/// An operator with one account: the configuration of a server that believes it, and the credentials of a user.
pub fn operator() -> (String, String) {
    let (operator, account, user) = (KeyPair::new_operator(), KeyPair::new_account(), KeyPair::new_user());
    let limits = r#""limits":{"subs":-1,"data":-1,"payload":-1,"imports":-1,"exports":-1,"wildcards":true,"conn":-1,"leaf":-1}"#;
    let operator_jwt = jwt(&operator, &operator, r#""type":"operator","version":2"#);
    let account_jwt = jwt(&operator, &account, &format!(r#"{limits},"type":"account","version":2"#));
    let user_jwt = jwt(
        &account,
        &user,
        r#""pub":{},"sub":{},"subs":-1,"data":-1,"payload":-1,"type":"user","version":2"#,
    );
    let server = format!(
        "operator: {operator_jwt}\nresolver: MEMORY\nresolver_preload: {{ {}: {account_jwt} }}\n",
        account.public_key()
    );
    let seed = user.seed().expect("a seed");
    let credentials = format!(
        "-----BEGIN NATS USER JWT-----\n{user_jwt}\n------END NATS USER JWT------\n\n\
         -----BEGIN USER NKEY SEED-----\n{seed}\n------END USER NKEY SEED------\n"
    );
    (server, credentials)
}

fn jwt(issuer: &KeyPair, subject: &KeyPair, nats: &str) -> String {
    let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
    let head = part(r#"{"typ":"JWT","alg":"ed25519-nkey"}"#);
    let (iss, sub) = (issuer.public_key(), subject.public_key());
    let claims = part(&format!(
        r#"{{"jti":"{sub}","iat":1700000000,"iss":"{iss}","sub":"{sub}","name":"test","nats":{{{nats}}}}}"#
    ));
    let signed = format!("{head}.{claims}");
    let signature = issuer.sign(signed.as_bytes()).expect("a signature");
    format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
}

/// A NATS server. Killed when dropped.
pub struct Nats {
    pub port: u16,
    child: Child,
    folder: tempfile::TempDir,
}

impl Nats {
    /// On this text as configuration.
    pub fn start(configuration: &str) -> Nats {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("server.conf");
        std::fs::write(&file, configuration).expect("a configuration");
        Nats::on(&file, folder, &[])
    }

    /// On a configuration file, with these variables.
    pub fn on(file: &Path, folder: tempfile::TempDir, variables: &[(&str, String)]) -> Nats {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("a free port").port();
        let mut command = Command::new("nats-server");
        command.arg("-c").arg(file).args(["-a", "127.0.0.1", "-p", &port.to_string()]);
        command.envs(variables.iter().map(|(name, value)| (name, value)));
        let mut child =
            command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap_or_else(|error| {
                panic!("nats-server is needed on the PATH, `tests/run` puts it in place: {error}")
            });
        let mut lines = BufReader::new(child.stderr.take().expect("stderr is piped"));
        let mut said = String::new();
        while !said.contains("Server is ready") {
            let read = lines.read_line(&mut said).expect("nats-server's log can be read");
            assert!(read > 0, "nats-server ended before it was ready:\n{said}");
        }
        // What it says later must be read, or it would block.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Nats { port, child, folder }
    }

    pub fn url(&self, scheme: &str) -> String {
        format!("{scheme}://127.0.0.1:{}", self.port)
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
