{{- define "clientward.name" -}}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{- end }}

{{- define "clientward.image" -}}{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}{{- end }}

{{- define "clientward.labels" -}}
app.kubernetes.io/name: clientward
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "clientward.meta" -}}
{{ include "clientward.labels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{/* What every pod of ours is like: nobody, without rights, on a root that cannot be written. */}}
{{- define "clientward.pod" -}}
serviceAccountName: {{ include "clientward.name" .root }}
automountServiceAccountToken: false
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets: {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  # A volume that has the group already is left as it is: else every start opens the files on it to the group.
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .root.Values.worker.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.worker.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{/* Over zones and nodes, where a part has several pods. */}}
{{- define "clientward.spread" -}}
topologySpreadConstraints:
  {{- range tuple "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ . }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: {{- include "clientward.labels" $ | nindent 8 }}
  {{- end }}
{{- end }}

{{/* Whether Kafka's login is a token in a file. */}}
{{- define "clientward.token" -}}
{{- if and (contains "SASL" .Values.kafka.securityProtocol) (eq .Values.kafka.saslMechanism "OAUTHBEARER") (not .Values.settings.KAFKA_TOKEN_COMMAND) -}}
{{- if and .Values.kafka.tokenSecret .Values.kafka.tokenAudience }}{{ fail "kafka.tokenSecret and kafka.tokenAudience: OAUTHBEARER takes its token from one of them" }}{{ end -}}
{{- if not (or .Values.kafka.tokenSecret .Values.kafka.tokenAudience) }}{{ fail "OAUTHBEARER needs kafka.tokenSecret, kafka.tokenAudience or settings.KAFKA_TOKEN_COMMAND" }}{{ end -}}
yes
{{- end -}}
{{- end }}

{{/* A secret of the connections: the part's own, or the one of all. */}}
{{- define "clientward.secret" -}}
{{- $part := index .root.Values .component | default dict -}}
{{- $own := .login | default $part.login | default dict -}}
{{- get $own .name | default (.name | eq "redisSecret" | ternary .root.Values.redis.existingSecret (index .root.Values.kafka .name)) -}}
{{- end }}

{{/* Whether a part goes to Redis at all: the others get no password of it, and no way there. */}}
{{- define "clientward.redis" -}}
{{- if has .component (list "worker" "topics" "deliver" "console" "advise") }}yes{{ end -}}
{{- end }}

{{/* What comes from secrets, by reference. */}}
{{- define "clientward.env" -}}
{{- if include "clientward.redis" . -}}
- name: CLIENTWARD_REDIS_URL
  valueFrom: {secretKeyRef: {name: {{ include "clientward.secret" (merge (dict "name" "redisSecret") .) }}, key: url}}
{{ end -}}
{{- if and (contains "SASL" .root.Values.kafka.securityProtocol) (ne .root.Values.kafka.saslMechanism "OAUTHBEARER") -}}
{{- $login := include "clientward.secret" (merge (dict "name" "existingSecret") .) | required "kafka.existingSecret: a SASL protocol needs one" -}}
- name: CLIENTWARD_KAFKA_USERNAME
  valueFrom: {secretKeyRef: {name: {{ $login }}, key: username}}
- name: CLIENTWARD_KAFKA_PASSWORD
  valueFrom: {secretKeyRef: {name: {{ $login }}, key: password}}
{{ end -}}
{{- if eq .component "worker" -}}
# The pod's name is the same after a restart: Kafka then gives the worker its partitions back at once.
- name: CLIENTWARD_INSTANCE
  valueFrom: {fieldRef: {fieldPath: metadata.name}}
{{ end -}}
{{- if and (eq .component "console") .root.Values.console.readmodel.existingSecret -}}
- name: CLIENTWARD_READMODEL_URL
  valueFrom: {secretKeyRef: {name: {{ .root.Values.console.readmodel.existingSecret }}, key: url}}
{{ end -}}
{{- if and (eq .component "console") .root.Values.deliver.enabled -}}
# Its page of deliveries looks into their state, and changes it, with their login.
- name: CLIENTWARD_DELIVERIES_REDIS_URL
  valueFrom: {secretKeyRef: {name: {{ include "clientward.secret" (dict "root" .root "component" "deliver" "name" "redisSecret") }}, key: url}}
{{ end -}}
{{- end }}

{{- define "clientward.container" -}}
image: {{ include "clientward.image" .root | quote }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
envFrom:
  - configMapRef: {name: {{ include "clientward.name" .root }}-settings}
{{- with include "clientward.env" . | trim }}
env:
  {{- . | nindent 2 }}
{{- end }}
volumeMounts:
  - {name: tmp, mountPath: /tmp}
  {{- if not .stateless }}
  - {name: data, mountPath: /var/lib/clientward}
  {{- end }}
  {{- if .root.Values.kafka.caSecret }}
  - {name: kafka-ca, mountPath: /etc/clientward/kafka, readOnly: true}
  {{- end }}
  {{- if .root.Values.kafka.certSecret }}
  - {name: kafka-cert, mountPath: /etc/clientward/kafka-cert, readOnly: true}
  {{- end }}
  {{- if include "clientward.token" .root }}
  - {name: kafka-token, mountPath: /run/secrets/clientward-kafka, readOnly: true}
  {{- end }}
{{- end }}

{{- define "clientward.volumes" -}}
- {name: tmp, emptyDir: {sizeLimit: {{ .tmp | default "64Mi" }}}}
{{- if .claim }}
- {name: data, persistentVolumeClaim: {claimName: {{ .claim }}}}
{{- else if not .stateless }}
- {name: data, emptyDir: {sizeLimit: {{ .data | default "64Mi" }}}} # what may be lost, such as Faust's own files
{{- end }}
{{- if .root.Values.kafka.caSecret }}
- {name: kafka-ca, secret: {secretName: {{ .root.Values.kafka.caSecret }}}}
{{- end }}
{{- if .root.Values.kafka.certSecret }}
- {name: kafka-cert, secret: {secretName: {{ include "clientward.secret" (merge (dict "name" "certSecret") .) }}}}
{{- end }}
{{- if include "clientward.token" .root }}
{{- with .root.Values.kafka.tokenAudience }}
# Of the pod's own service account, for Kafka alone; the kubelet renews it when four fifths of the hour are over.
- name: kafka-token
  projected: {sources: [{serviceAccountToken: {audience: {{ . | quote }}, expirationSeconds: 3600, path: token}}]}
{{- else }}
- {name: kafka-token, secret: {secretName: {{ include "clientward.secret" (merge (dict "name" "tokenSecret") .) }}}}
{{- end }}
{{- end }}
{{- end }}

{{- define "clientward.egress" -}}
{{- $policy := .root.Values.networkPolicy -}}
- ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
{{ include "clientward.way" (dict "ports" $policy.kafkaPorts "to" $policy.kafkaTo) }}
{{- if include "clientward.redis" . }}
{{ include "clientward.way" (dict "ports" $policy.redisPorts "to" $policy.redisTo) }}
{{- end }}
{{- end }}

{{/* A rule of egress: these ports, of these peers, or of anybody where none is named. */}}
{{- define "clientward.way" -}}
- ports: {{- range .ports }}
    - {port: {{ . }}, protocol: TCP}
  {{- end }}
  {{- with .to }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/* Stop taking connections before stopping: whoever sends here hears of it some seconds after the pod does. */}}
{{- define "clientward.drain" -}}
lifecycle: {preStop: {exec: {command: [sleep, "5"]}}}
{{- end }}

{{/* An Ingress, for a part's paths and nothing else of it. TLS ends at the controller. */}}
{{- define "clientward.ingress" -}}
{{- $own := (index .root.Values .component).ingress -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ include "clientward.name" .root }}-{{ .component }}
  labels: {{- include "clientward.meta" . | nindent 4 }}
  {{- with $own.annotations }}
  annotations: {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  {{- with $own.className }}
  ingressClassName: {{ . }}
  {{- end }}
  tls:
    - hosts: [{{ .host | quote }}]
      {{- with $own.tlsSecret }}
      secretName: {{ . }}
      {{- end }}
  rules:
    - host: {{ .host | quote }}
      http:
        paths:
          {{- range $path, $type := .paths }}
          - path: {{ $path }}
            pathType: {{ $type }}
            backend: {service: {name: {{ include "clientward.name" $.root }}-{{ $.component }}, port: {name: http}}}
          {{- end }}
{{- end }}

{{/* A budget of disruption: one pod at a time, and those that are not ready at any time. */}}
{{- define "clientward.budget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "clientward.name" .root }}-{{ .component }}
  labels: {{- include "clientward.meta" . | nindent 4 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels: {{- include "clientward.labels" . | nindent 6 }}
{{- end }}
