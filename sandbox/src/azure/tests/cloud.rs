//! The documentation's pair, and whoever asks for its interfaces.

use serde_json::{Value, json};

use crate::azure::Azure;
use crate::frame::call::{Call, Reply};
use crate::frame::provider::{Provider, Providers};
use crate::google::testing;
use crate::network::PairSeed;
use crate::options::Options;
use crate::service::Service;
use crate::world::World;

/// Who asks, unless a test says otherwise.
pub(super) const PRINCIPAL: &str = "11111111-0000-0000-0000-000000000001";
/// A version that there is.
pub(super) const VERSION: &str = "2026-03-01";

/// An interface in a test's hands: what may be done to it before it is written back.
pub(super) type Edit = fn(&mut Value);

pub(super) struct Cloud {
    pub(super) world: World,
    pub(super) pair: PairSeed,
    pub(super) token: String,
}

impl Cloud {
    pub(super) fn new() -> Self {
        let world = World::new(&Options::default());
        let pair = PairSeed::example();
        world.azure.add_pair(&pair);
        let token = world.azure.directory.issue(PRINCIPAL);
        Self { world, pair, token }
    }

    pub(super) fn azure(&self) -> &Azure {
        &self.world.azure
    }

    /// The path of one of the interfaces.
    pub(super) fn path(&self, index: usize) -> String {
        format!("{}?api-version={VERSION}", self.pair.on_azure().interface(index))
    }

    pub(super) fn call(&self, method: &str, path: &str) -> Call {
        let mut call = testing::bearing(testing::call(method, path), &self.token);
        "management.test".clone_into(&mut call.host);
        call
    }

    pub(super) fn answer(&self, call: &Call) -> Reply {
        let reply = self.world.azure.answer(call);
        self.world.answered(Service::Azure, 0, &reply);
        reply
    }

    pub(super) fn get(&self, index: usize) -> Value {
        read(&self.answer(&self.call("GET", &self.path(index))))
    }

    /// Writes back the whole of what was read, edited, on top of its etag.
    pub(super) fn put(&self, index: usize, edit: impl FnOnce(&mut Value)) -> Reply {
        let mut body = self.get(index);
        let etag = body["etag"].as_str().expect("an etag").to_owned();
        edit(&mut body);
        self.put_on(index, &body, &etag)
    }

    pub(super) fn put_on(&self, index: usize, body: &Value, etag: &str) -> Reply {
        let mut call = self.call("PUT", &self.path(index)).with_body(body.to_string());
        call.headers.insert("if-match", etag.parse().expect("a header"));
        self.answer(&call)
    }

    /// What the operation of an accepted write says now.
    pub(super) fn operation(&self, accepted: &Reply) -> Value {
        read(&self.answer(&self.call("GET", &operation_path(accepted))))
    }

    /// The configuration that moves, as the first interface has it.
    pub(super) fn vip(&self) -> Value {
        let configurations = self.get(0)["properties"]["ipConfigurations"].clone();
        let mut configurations = configurations.as_array().cloned().unwrap_or_default().into_iter();
        configurations.find(|one| one["name"] == "vip").expect("the first one has it")
    }

    pub(super) fn holders(&self) -> Vec<String> {
        self.azure().holders(self.pair.private())
    }
}

/// Where an accepted write says that its operation is, without the host.
pub(super) fn operation_path(accepted: &Reply) -> String {
    let url = accepted.header_value("Azure-AsyncOperation").expect("an operation");
    url.strip_prefix("http://management.test").expect("the host that was asked").to_owned()
}

pub(super) fn read(reply: &Reply) -> Value {
    assert!(reply.status < 300, "{}", String::from_utf8_lossy(&reply.body));
    serde_json::from_slice(&reply.body).expect("JSON")
}

#[track_caller]
pub(super) fn refused(reply: &Reply, status: u16, code: &str) -> String {
    let body: Value = serde_json::from_slice(&reply.body).expect("JSON");
    assert_eq!((reply.status, body["error"]["code"].as_str()), (status, Some(code)), "{body}");
    body["error"]["message"].as_str().expect("a sentence").to_owned()
}

pub(super) fn names(interface: &Value) -> Vec<&str> {
    let configurations = interface["properties"]["ipConfigurations"].as_array().into_iter().flatten();
    configurations.filter_map(|one| one["name"].as_str()).collect()
}

pub(super) fn configurations(interface: &mut Value) -> &mut Vec<Value> {
    interface["properties"]["ipConfigurations"].as_array_mut().expect("a list")
}

/// Takes the configuration that moves out of an interface.
pub(super) fn without_vip(interface: &mut Value) {
    configurations(interface).retain(|one| one["name"] != "vip");
}

/// A configuration with this name and address in the pair's subnet.
pub(super) fn configuration(name: &str, ip: &str) -> Value {
    json!({"name": name, "properties": {
        "privateIPAddress": ip,
        "privateIPAllocationMethod": "Static",
        "subnet": {"id": PairSeed::example().on_azure().subnet()},
        // All configurations of an interface are in the same groups.
        "applicationSecurityGroups": [{"id": PairSeed::example().on_azure().joined()[3]}],
    }})
}
