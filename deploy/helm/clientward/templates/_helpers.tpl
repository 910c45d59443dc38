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
  seccompProfile: {type: RuntimeDefault}
{{- with .root.Values.worker.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.worker.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
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
{{- $own := (index .root.Values .component).login | default dict -}}
{{- get $own .name | default (.name | eq "redisSecret" | ternary .root.Values.redis.existingSecret (index .root.Values.kafka .name)) -}}
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
env:
  - name: CLIENTWARD_REDIS_URL
    valueFrom: {secretKeyRef: {name: {{ include "clientward.secret" (merge (dict "name" "redisSecret") .) }}, key: url}}
  {{- if and (contains "SASL" .root.Values.kafka.securityProtocol) (ne .root.Values.kafka.saslMechanism "OAUTHBEARER") }}
  {{- $login := include "clientward.secret" (merge (dict "name" "existingSecret") .) | required "kafka.existingSecret: a SASL protocol needs one" }}
  - name: CLIENTWARD_KAFKA_USERNAME
    valueFrom: {secretKeyRef: {name: {{ $login }}, key: username}}
  - name: CLIENTWARD_KAFKA_PASSWORD
    valueFrom: {secretKeyRef: {name: {{ $login }}, key: password}}
  {{- end }}
  {{- if eq .component "worker" }}
  # The pod's name is the same after a restart: Kafka then gives the worker its partitions back at once.
  - name: CLIENTWARD_INSTANCE
    valueFrom: {fieldRef: {fieldPath: metadata.name}}
  {{- end }}
volumeMounts:
  - {name: tmp, mountPath: /tmp}
  - {name: data, mountPath: /var/lib/clientward}
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
- {name: tmp, emptyDir: {sizeLimit: 64Mi}}
- {name: data, emptyDir: {sizeLimit: 64Mi}} # Faust's own files, which may be lost
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
- ports: [{port: 53, protocol: UDP}, {port: 53, protocol: TCP}]
- ports: {{- range .Values.networkPolicy.kafkaPorts }}
    - {port: {{ . }}, protocol: TCP}
  {{- end }}
  {{- with .Values.networkPolicy.kafkaTo }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
- ports: {{- range .Values.networkPolicy.redisPorts }}
    - {port: {{ . }}, protocol: TCP}
  {{- end }}
  {{- with .Values.networkPolicy.redisTo }}
  to: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
