use super::*;

fn deployment(generation: u64, replicas: u64, status: &Value) -> Value {
    json!({ "kind": "Deployment", "metadata": { "generation": generation }, "spec": { "replicas": replicas }, "status": status })
}

#[test]
fn a_deployment_tells_how_many_are_wanted_and_ready() {
    let ready = json!({ "observedGeneration": 4, "replicas": 2, "readyReplicas": 2 });
    let scale = read_scale(&deployment(4, 2, &ready)).unwrap();
    assert_eq!(scale, Scale { wanted: 2, ready: 2, current: true });
    assert!(scale.is_ready());
    assert!(!read_scale(&deployment(5, 2, &ready)).unwrap().is_ready(), "that was before the change");
    let none = read_scale(&deployment(5, 0, &json!({ "observedGeneration": 5 }))).unwrap();
    assert_eq!(none, Scale { wanted: 0, ready: 0, current: true });
}

#[test]
fn what_is_no_deployment_is_not_one_that_is_scaled_down() {
    let others =
        [json!({ "spec": { "replicas": 0 } }), json!({ "kind": "Scale", "spec": { "replicas": 0 } })];
    let nothing = [json!({}), json!({ "kind": "Status" }), json!({ "spec": {} }), json!([])];
    for answer in others.into_iter().chain(nothing) {
        assert_eq!(read_scale(&answer), None, "{answer}");
    }
}

#[test]
fn a_pod_is_told_of_its_cluster_by_the_environment() {
    let at = |pairs: &'static [(&str, &str)]| {
        let found =
            in_this_pod(|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| *value));
        let Source::Pod { server, .. } = found else { panic!("{found:?}") };
        server
    };
    assert_eq!(at(&[]), None);
    assert_eq!(at(&[("KUBERNETES_SERVICE_HOST", "10.43.0.1")]).unwrap(), "https://10.43.0.1:443");
    let six = at(&[("KUBERNETES_SERVICE_HOST", "fd00::1"), ("KUBERNETES_SERVICE_PORT", "6443")]);
    assert_eq!(six.unwrap(), "https://[fd00::1]:6443");
}

#[tokio::test]
async fn outside_of_a_pod_and_without_a_kubeconfig_the_sentence_says_so() {
    let cluster = Kubernetes::new(in_this_pod(|_| None), Duration::from_secs(1), Pace::default());
    let name = DeploymentName { namespace: "web".to_owned(), deployment: "primary".to_owned() };
    let error = cluster.scale(&name).await.unwrap_err();
    assert_eq!(error.kind, ApiErrorKind::Refused);
    assert_eq!(
        error.message,
        "could not read namespaces/web/deployments/primary: Kubernetes was not asked: this is no pod \
         (KUBERNETES_SERVICE_HOST is not set), and the switch names no kubeconfig"
    );
}
