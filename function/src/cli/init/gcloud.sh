
# From here on it is the same for every site. What is there already is left as it is, so it may be run again: after a
# failure, or with other values above. It wants gcloud with its components alpha and beta, and curl.

set -euo pipefail

NAME=failover
JOURNAL="$PROJECT-$NAME"
NUMBER=
FUNCTION="$NAME-function@$PROJECT.iam.gserviceaccount.com"
PAGE="$NAME-page@$PROJECT.iam.gserviceaccount.com"
PUSH="$NAME-push@$PROJECT.iam.gserviceaccount.com"
STANDBY="$STANDBY_ACCOUNT@$PROJECT.iam.gserviceaccount.com"
ROLES="projects/$PROJECT/roles"
CLOUDFLARE="${CLOUDFLARE_BASE_URL:-https://api.cloudflare.com/client/v4}"

export CLOUDSDK_CORE_PROJECT="$PROJECT" CLOUDSDK_CORE_DISABLE_PROMPTS=1
scratch="$(mktemp -d)"
trap 'rm -rf "$scratch"' EXIT

step() { printf '\n== %s\n' "$*"; }
# Whether a list of names has one; the list is asked for once for all that are made after it.
has() { grep -qx -- "$2" <<<"$1"; }
# What names an account that was made a moment ago is refused until every part of Google knows the account.
patiently() {
  local pause
  for pause in 5 10 20 40; do
    if "$@" >/dev/null 2>"$scratch/refused"; then return 0; fi
    printf 'not yet, and tried again in %s s: %s\n' "$pause" "$(grep -m 1 ERROR "$scratch/refused")"
    sleep "$pause"
  done
  "$@" >/dev/null
}
# The name of what has a title, by a list of titles and names.
named() { awk -F '\t' -v title="$1" '!found && $1 == title { print $2; found = 1 }'; }

step "services"
gcloud services enable artifactregistry.googleapis.com cloudresourcemanager.googleapis.com \
  cloudscheduler.googleapis.com iam.googleapis.com iamcredentials.googleapis.com logging.googleapis.com \
  monitoring.googleapis.com pubsub.googleapis.com run.googleapis.com secretmanager.googleapis.com storage.googleapis.com
NUMBER="$(gcloud projects describe "$PROJECT" --format='value(projectNumber)')"
gcloud beta services identity create --service=pubsub.googleapis.com >/dev/null
PUBSUB_AGENT="service-$NUMBER@gcp-sa-pubsub.iam.gserviceaccount.com"
MONITORING_AGENT="service-$NUMBER@gcp-sa-monitoring-notification.iam.gserviceaccount.com"

step "accounts"
accounts="$(gcloud iam service-accounts list --format='value(email)')"
account() {
  has "$accounts" "$1@$PROJECT.iam.gserviceaccount.com" ||
    gcloud iam service-accounts create "$1" --display-name="$2"
}
account "$NAME-function" "$NAME: the function"
account "$NAME-page" "$NAME-page: the status page"
account "$NAME-push" "$NAME: pushes of Pub/Sub"
account "$STANDBY_ACCOUNT" "$SITE: standby"

step "roles, each with exactly what is called"
roles="$(gcloud iam roles list --project="$PROJECT" --format='value(name)')"
role() {
  if has "$roles" "$ROLES/$1"; then
    gcloud iam roles update "$1" --project="$PROJECT" --permissions="$3" >/dev/null
  else
    gcloud iam roles create "$1" --project="$PROJECT" --title="$2" --permissions="$3" >/dev/null
  fi
}
role "${NAME}_standby_all_users" "Failover: open and close a standby" \
  run.services.get,run.services.getIamPolicy,run.services.setIamPolicy
role "${NAME}_journal_writer" "Failover: write the journal" \
  storage.objects.create,storage.objects.get,storage.objects.list
role "${NAME}_journal_reader" "Failover: read the journal" storage.objects.get,storage.objects.list
role "${NAME}_monitoring_switch" "Failover: pause and resume uptime checks" \
  monitoring.alertPolicies.get,monitoring.alertPolicies.list,monitoring.alerts.list,monitoring.timeSeries.list,monitoring.uptimeCheckConfigs.get,monitoring.uptimeCheckConfigs.update
role "${NAME}_monitoring_reader" "Failover: look at uptime checks" monitoring.uptimeCheckConfigs.get
role "${NAME}_service_reader" "Failover: look at a service" run.services.get,run.services.getIamPolicy
role "${NAME}_subscription_reader" "Failover: look at a subscription" pubsub.subscriptions.get
patiently gcloud projects add-iam-policy-binding "$PROJECT" --condition=None \
  --member="serviceAccount:$FUNCTION" --role="$ROLES/${NAME}_monitoring_switch"
patiently gcloud projects add-iam-policy-binding "$PROJECT" --condition=None \
  --member="serviceAccount:$PAGE" --role="$ROLES/${NAME}_monitoring_reader"

step "journal"
if ! has "$(gcloud storage buckets list --format='value(name)')" "$JOURNAL"; then
  gcloud storage buckets create "gs://$JOURNAL" --location="$JOURNAL_LOCATION" --default-storage-class=STANDARD \
    --uniform-bucket-level-access --public-access-prevention --soft-delete-duration=7d
fi
cat >"$scratch/lifecycle.json" <<'JSON'
{"rule": [{"action": {"type": "Delete"}, "condition": {"isLive": false, "daysSinceNoncurrentTime": 30}}]}
JSON
gcloud storage buckets update "gs://$JOURNAL" --versioning --lifecycle-file="$scratch/lifecycle.json" >/dev/null
patiently gcloud storage buckets add-iam-policy-binding "gs://$JOURNAL" \
  --member="serviceAccount:$FUNCTION" --role="$ROLES/${NAME}_journal_writer"
patiently gcloud storage buckets add-iam-policy-binding "gs://$JOURNAL" \
  --member="serviceAccount:$PAGE" --role="$ROLES/${NAME}_journal_reader"

step "images"
repositories="$(gcloud artifacts repositories list --location="$REGION" --format='value(name.basename())')"
if ! has "$repositories" "$NAME"; then
  gcloud artifacts repositories create "$NAME" --location="$REGION" --repository-format=docker \
    --description="Images of the function and of the guarded sites."
fi
if [ -n "$MIRRORED" ] && ! has "$repositories" "$NAME-released"; then
  gcloud artifacts repositories create "$NAME-released" --location="$REGION" --repository-format=docker \
    --mode=remote-repository --remote-docker-repo="https://$MIRRORED"
fi

step "topics"
topics="$(gcloud pubsub topics list --format='value(name)')"
for topic in alerts commands schedule events dead-letters; do
  has "$topics" "projects/$PROJECT/topics/$NAME-$topic" || gcloud pubsub topics create "$NAME-$topic"
done
patiently gcloud pubsub topics add-iam-policy-binding "$NAME-events" \
  --member="serviceAccount:$FUNCTION" --role=roles/pubsub.publisher
patiently gcloud pubsub topics add-iam-policy-binding "$NAME-dead-letters" \
  --member="serviceAccount:$PUBSUB_AGENT" --role=roles/pubsub.publisher

step "the standby, closed"
services="$(gcloud run services list --region="$REGION" --format='value(metadata.name)')"
if ! has "$services" "$SERVICE"; then
  gcloud run deploy "$SERVICE" --region="$REGION" --image=us-docker.pkg.dev/cloudrun/container/hello \
    --description="Standby of $SITE. Opened and closed by cloud-failover." --no-allow-unauthenticated --ingress=all \
    --service-account="$STANDBY" --min-instances=0 --max-instances=2 --cpu=1 --memory=512Mi --cpu-throttling --cpu-boost
fi
STANDBY_URL="$(gcloud run services describe "$SERVICE" --region="$REGION" --format='value(status.url)')"
patiently gcloud run services add-iam-policy-binding "$SERVICE" --region="$REGION" --condition=None \
  --member="serviceAccount:$FUNCTION" --role="$ROLES/${NAME}_standby_all_users"
patiently gcloud run services add-iam-policy-binding "$SERVICE" --region="$REGION" --condition=None \
  --member="serviceAccount:$PAGE" --role="$ROLES/${NAME}_service_reader"

step "the redirect rule, off"
# The token goes by standard input: what stands on a command line is seen by everybody on this machine.
cloudflare() {
  printf 'header = "Authorization: Bearer %s"\n' "$CLOUDFLARE_API_TOKEN" |
    curl --silent --show-error --config - --output "$scratch/answer" --write-out '%{http_code}' "$@"
}
: "${CLOUDFLARE_API_TOKEN:?source the file of secrets first}"
cat >"$scratch/rule.json" <<JSON
{"ref": "$RULE_REF", "description": "Leads visitors of $SITE to its standby.", "enabled": false, "action": "redirect",
 "expression": "(http.host eq \"$HOST\")", "action_parameters": {"from_value": {"status_code": 302,
 "preserve_query_string": true, "target_url": {"expression": "concat(\"$STANDBY_URL\", http.request.uri.path)"}}}}
JSON
printf '{"name": "%s: to the standby", "kind": "zone", "phase": "http_request_dynamic_redirect", "rules": [%s]}\n' \
  "$NAME" "$(cat "$scratch/rule.json")" >"$scratch/list.json"
refused() {
  echo "Cloudflare answered $1: $(cat "$scratch/answer")"
  exit 1
}
RULES="$CLOUDFLARE/zones/$ZONE/rulesets"
status="$(cloudflare "$RULES/phases/http_request_dynamic_redirect/entrypoint")"
if [ "$status" = 404 ]; then
  status="$(cloudflare "$RULES" --json "@$scratch/list.json")"
elif [ "$status" = 200 ] && grep -q "\"ref\": *\"$RULE_REF\"" "$scratch/answer"; then
  echo "$RULE_REF is there already"
elif [ "$status" = 200 ] && [ -n "$RULE_LIST" ]; then
  status="$(cloudflare "$RULES/$RULE_LIST/rules" --json "@$scratch/rule.json")"
elif [ "$status" = 200 ]; then
  echo "The zone has had a list of redirect rules since this script was written: write it anew with failover init."
  exit 1
fi
[ "$status" = 200 ] || refused "$status"

step "the uptime check, and who is told"
policies="$(gcloud alpha monitoring policies list --format='value(displayName)')"
channels="$(gcloud beta monitoring channels list --format='value(displayName,name)')"
CHECK="$(gcloud monitoring uptime list-configs --format='value(displayName,name)' | named "$NAME: $SITE")"
if [ -z "$CHECK" ]; then
  CHECK="$(gcloud monitoring uptime create "$NAME: $SITE" --resource-type=uptime-url \
    --resource-labels="host=$HOST,project_id=$PROJECT" --protocol=https --port="$PORT" --path="$URL_PATH" \
    --request-method=get --validate-ssl=true --status-codes=200 --matcher-content="$EXPECT" \
    --matcher-type=contains-string --period=1 --timeout=10 --regions=asia-pacific,europe,south-america,usa-iowa,usa-oregon,usa-virginia \
    --user-labels="failover_site=$SITE" --format='value(name)')"
fi
channel() {
  local title="$1" found
  shift
  found="$(named "$title" <<<"$channels")"
  [ -n "$found" ] || found="$(gcloud beta monitoring channels create --display-name="$title" "$@" --format='value(name)')"
  printf '%s' "$found"
}
TO_FUNCTION="$(channel "$NAME: the function" --type=pubsub --channel-labels="topic=projects/$PROJECT/topics/$NAME-alerts")"
patiently gcloud pubsub topics add-iam-policy-binding "$NAME-alerts" \
  --member="serviceAccount:$MONITORING_AGENT" --role=roles/pubsub.publisher
TOLD="\"$TO_FUNCTION\""
TO_EMAIL=
if [ -n "$EMAIL" ]; then
  TO_EMAIL="$(channel "$NAME: $EMAIL" --type=email --channel-labels="email_address=$EMAIL")"
  TOLD="$TOLD, \"$TO_EMAIL\""
fi
policy() {
  has "$policies" "$1" || patiently gcloud alpha monitoring policies create --policy-from-file="$2"
}
cat >"$scratch/down.json" <<JSON
{"displayName": "$NAME: $SITE is down", "combiner": "OR", "severity": "CRITICAL", "enabled": true,
 "userLabels": {"failover_site": "$SITE"}, "notificationChannels": [$TOLD],
 "alertStrategy": {"autoClose": "1800s", "notificationPrompts": ["OPENED", "CLOSED"]},
 "documentation": {"mimeType": "text/markdown", "subject": "$SITE: $HOST doesn't answer",
  "content": "$NAME fails $PUBLIC_URL over to its standby by itself, or says why it doesn't: \`failover history\`."},
 "conditions": [{"displayName": "$HOST doesn't answer", "conditionThreshold": {
  "filter": "metric.type=\"monitoring.googleapis.com/uptime_check/check_passed\" AND metric.label.check_id=\"${CHECK##*/}\" AND resource.type=\"uptime_url\"",
  "comparison": "COMPARISON_GT", "thresholdValue": 1, "duration": "60s", "trigger": {"count": 1},
  "evaluationMissingData": "EVALUATION_MISSING_DATA_INACTIVE",
  "aggregations": [{"alignmentPeriod": "120s", "perSeriesAligner": "ALIGN_NEXT_OLDER", "crossSeriesReducer": "REDUCE_COUNT_FALSE",
   "groupByFields": ["metric.label.check_id", "resource.label.host", "resource.label.project_id"]}]}}]}
JSON
policy "$NAME: $SITE is down" "$scratch/down.json"

step "configuration and secrets"
cat >"$CONFIGURATION" <<TOML
# Written by $(basename "$0"), which failover init wrote; change it there.

journal = "gs://$JOURNAL/journal"

[push]
verify = "cloud_run_iam"
audience = "failover"
service_account = "$PUSH"
alerts = ["projects/$PROJECT/subscriptions/$NAME-alerts"]
commands = ["projects/$PROJECT/subscriptions/$NAME-commands", "projects/$PROJECT/subscriptions/$NAME-schedule"]
alerts_topic = "projects/$PROJECT/topics/$NAME-alerts"
commands_topic = "projects/$PROJECT/topics/$NAME-commands"

[events]
topic = "projects/$PROJECT/topics/$NAME-events"

[[sites]]
name = "$SITE"
public_url = "$PUBLIC_URL"
standby_url = "$STANDBY_URL/"
${PRIMARY_URL:+primary_url = \"$PRIMARY_URL\"}
expect = { status = 200, contains = $EXPECT_QUOTED }
standby_expect = { status = 200, contains = $EXPECT_QUOTED }

[[sites.switches]]
kind = "cloud_run_invoker"
service = "projects/$PROJECT/locations/$REGION/services/$SERVICE"

[[sites.switches]]
kind = "cloudflare_redirect_rule"
zone = "$ZONE"
ref = "$RULE_REF"

[[sites.switches]]
kind = "uptime_check"
check = "$CHECK"
TOML
secrets="$(gcloud secrets list --format='value(name.basename())')"
secret() {
  has "$secrets" "$1" || gcloud secrets create "$1" --replication-policy=automatic
  patiently gcloud secrets add-iam-policy-binding "$1" --member="serviceAccount:$2" --role=roles/secretmanager.secretAccessor
}
# Written once: another value is a version that you add. It goes by standard input, as above.
given() {
  local versions
  versions="$(gcloud secrets versions list "$1" --format='value(name,state)')"
  if grep -qi enabled <<<"$versions"; then return 0; fi
  [ -n "$2" ] || { echo "$1 has no version yet, and $3 isn't set: source the file of secrets."; exit 1; }
  printf %s "$2" | gcloud secrets versions add "$1" --data-file=- >/dev/null
}
# The number of the newest version, which is added where the file has changed.
configured() {
  local newest
  newest="$(gcloud secrets versions access latest --secret="$1" 2>/dev/null || true)"
  [ "$newest" = "$(cat "$CONFIGURATION")" ] || gcloud secrets versions add "$1" --data-file="$CONFIGURATION" >/dev/null
  newest="$(gcloud secrets versions describe latest --secret="$1" --format='value(name)')"
  printf '%s' "${newest##*/}"
}
secret "$NAME-configuration" "$FUNCTION"
secret "$NAME-cloudflare-token" "$FUNCTION"
given "$NAME-cloudflare-token" "${TF_VAR_cloudflare_token:-$CLOUDFLARE_API_TOKEN}" TF_VAR_cloudflare_token
version="$(configured "$NAME-configuration")"

step "the function"
# A revision whose account can't read its secrets yet never becomes ready, so it is tried again.
serve() {
  local service="$1" mounted="$2"
  shift 2
  if ! has "$services" "$service"; then
    patiently gcloud run deploy "$service" --region="$REGION" --image="$IMAGE" --set-secrets="$mounted" \
      --set-env-vars=FAILOVER_CONFIG=/etc/failover/failover.toml --min-instances=0 --max-instances=1 --concurrency=80 \
      --cpu=1 --memory=512Mi --cpu-throttling --cpu-boost --port=8080 "$@"
  elif ! gcloud run services describe "$service" --region="$REGION" --format=json | grep -q "\"key\": *\"$version\""; then
    gcloud run services update "$service" --region="$REGION" --update-secrets="$mounted" >/dev/null
  fi
}
serve "$NAME" "CLOUDFLARE_API_TOKEN=$NAME-cloudflare-token:latest,/etc/failover/failover.toml=$NAME-configuration:$version" \
  --description="cloud-failover: fails sites over to their standby, and back." --args=serve --no-allow-unauthenticated \
  --ingress=internal --service-account="$FUNCTION" --timeout=600 --set-custom-audiences=failover \
  --startup-probe=httpGet.path=/health,httpGet.port=8080,periodSeconds=1,timeoutSeconds=1,failureThreshold=60 \
  --liveness-probe=httpGet.path=/health,httpGet.port=8080,periodSeconds=30,timeoutSeconds=5,failureThreshold=3
patiently gcloud run services add-iam-policy-binding "$NAME" --region="$REGION" --condition=None \
  --member="serviceAccount:$PUSH" --role=roles/run.invoker
patiently gcloud run services add-iam-policy-binding "$NAME" --region="$REGION" --condition=None \
  --member="serviceAccount:$FUNCTION" --role="$ROLES/${NAME}_service_reader"
FUNCTION_URL="$(gcloud run services describe "$NAME" --region="$REGION" --format='value(status.url)')"

step "subscriptions"
subscriptions="$(gcloud pubsub subscriptions list --format='value(name)')"
pushed() {
  local topic="$1"
  shift
  has "$subscriptions" "projects/$PROJECT/subscriptions/$NAME-$topic" ||
    gcloud pubsub subscriptions create "$NAME-$topic" --topic="$NAME-$topic" --push-endpoint="$FUNCTION_URL/push" \
      --push-auth-service-account="$PUSH" --push-auth-token-audience=failover --ack-deadline=600 --min-retry-delay=1s \
      --max-retry-delay=60s --expiration-period=never "$@"
  patiently gcloud pubsub subscriptions add-iam-policy-binding "$NAME-$topic" \
    --member="serviceAccount:$FUNCTION" --role="$ROLES/${NAME}_subscription_reader"
}
for topic in alerts commands; do
  pushed "$topic" --dead-letter-topic="$NAME-dead-letters" --max-delivery-attempts=100 --message-retention-duration=7d
  patiently gcloud pubsub subscriptions add-iam-policy-binding "$NAME-$topic" \
    --member="serviceAccount:$PUBSUB_AGENT" --role=roles/pubsub.subscriber
done
# What the schedule says it says again: a heap of old messages helps nobody.
pushed schedule --message-retention-duration=10m
for topic in events dead-letters; do
  has "$subscriptions" "projects/$PROJECT/subscriptions/$NAME-$topic" ||
    gcloud pubsub subscriptions create "$NAME-$topic" --topic="$NAME-$topic" --ack-deadline=60 \
      --message-retention-duration=31d --expiration-period=never
done

step "schedule"
jobs="$(gcloud scheduler jobs list --location="$REGION" --format='value(name.basename())')"
job() {
  has "$jobs" "$NAME-$1" ||
    gcloud scheduler jobs create pubsub "$NAME-$1" --location="$REGION" --schedule="$2" --time-zone=Etc/UTC \
      --topic="projects/$PROJECT/topics/$NAME-schedule" --message-body="{\"command\":\"$1\"}" >/dev/null
}
job reconcile '* * * * *'
job check '17 6 * * *'
job rehearse '37 6 * * 1'

step "who watches the watcher"
has "$(gcloud logging metrics list --format='value(name)')" "$NAME-reconciled" ||
  gcloud logging metrics create "$NAME-reconciled" --description="How often the function looked at every site." \
    --log-filter="resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"$NAME\" AND jsonPayload.reconciled=true"
if [ -n "$TO_EMAIL" ]; then
  cat >"$scratch/silence.json" <<JSON
{"displayName": "$NAME: nobody is on guard", "combiner": "OR", "severity": "CRITICAL", "enabled": true,
 "notificationChannels": ["$TO_EMAIL"], "alertStrategy": {"autoClose": "86400s"},
 "documentation": {"mimeType": "text/markdown", "subject": "$NAME: nobody is on guard",
  "content": "The function has looked at nothing for ten minutes. Move a site yourself meanwhile: \`failover act failover\`"},
 "conditions": [{"displayName": "The function has looked at nothing for ten minutes", "conditionAbsent": {
  "filter": "metric.type=\"logging.googleapis.com/user/$NAME-reconciled\" AND resource.type=\"cloud_run_revision\"",
  "duration": "600s", "trigger": {"count": 1},
  "aggregations": [{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_DELTA", "crossSeriesReducer": "REDUCE_SUM"}]}}]}
JSON
  policy "$NAME: nobody is on guard" "$scratch/silence.json"
  cat >"$scratch/dead.json" <<JSON
{"displayName": "$NAME: a message was given up", "combiner": "OR", "severity": "ERROR", "enabled": true,
 "notificationChannels": ["$TO_EMAIL"], "alertStrategy": {"autoClose": "86400s"},
 "documentation": {"mimeType": "text/markdown", "content": "Read them: \`gcloud pubsub subscriptions pull $NAME-dead-letters --project=$PROJECT --limit=10\`"},
 "conditions": [{"displayName": "Dead letters wait", "conditionThreshold": {
  "filter": "metric.type=\"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.type=\"pubsub_subscription\" AND resource.label.subscription_id=\"$NAME-dead-letters\"",
  "comparison": "COMPARISON_GT", "thresholdValue": 0, "duration": "0s", "trigger": {"count": 1},
  "aggregations": [{"alignmentPeriod": "60s", "perSeriesAligner": "ALIGN_MAX"}]}}]}
JSON
  policy "$NAME: a message was given up" "$scratch/dead.json"
fi

step "the status page"
if [ -n "${TF_VAR_cloudflare_read_token:-}" ]; then
  secret "$NAME-page-configuration" "$PAGE"
  secret "$NAME-cloudflare-read-token" "$PAGE"
  secret "$NAME-page-key" "$PAGE"
  given "$NAME-cloudflare-read-token" "$TF_VAR_cloudflare_read_token" TF_VAR_cloudflare_read_token
  given "$NAME-page-key" "${TF_VAR_page_key:-}" TF_VAR_page_key
  version="$(configured "$NAME-page-configuration")"
  serve "$NAME-page" "CLOUDFLARE_API_TOKEN=$NAME-cloudflare-read-token:latest,FAILOVER_PAGE_KEY=$NAME-page-key:latest,/etc/failover/failover.toml=$NAME-page-configuration:$version" \
    --description="cloud-failover: the status page, read-only, behind a key." --args=serve,--page --allow-unauthenticated \
    --ingress=all --service-account="$PAGE" --timeout=30
  page="$(gcloud run services describe "$NAME-page" --region="$REGION" --format='value(status.url)')"
  echo "$page/?key=\$TF_VAR_page_key"
else
  echo "none, since TF_VAR_cloudflare_read_token isn't set: failover status says the same"
fi

printf '\nDone. %s is the configuration. Next: failover init --finish --as gcloud\n' "$CONFIGURATION"
