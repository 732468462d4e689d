{{- define "vpc-mirror.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- /* 50 characters: a name of at most 63 is made of it with what follows it, "-sample-key" and the like. */}}
{{- define "vpc-mirror.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains (include "vpc-mirror.name" .) .Release.Name }}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name (include "vpc-mirror.name" .) | trunc 50 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "vpc-mirror.ownLabels" -}}
app.kubernetes.io/name: {{ include "vpc-mirror.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- /* Takes the root and labels of one's own, of which those that are said last count: each key once, or the manifest would be ambiguous. */}}
{{- define "vpc-mirror.labels" -}}
{{- $root := first . }}
{{- $own := include "vpc-mirror.ownLabels" $root | fromYaml }}
{{- $labels := merge (dict
  "helm.sh/chart" (printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-")
  "app.kubernetes.io/version" ($root.Values.image.tag | default $root.Chart.AppVersion | trunc 63 | trimAll "-_.")
  "app.kubernetes.io/managed-by" $root.Release.Service
) $own }}
{{- range prepend (rest .) $root.Values.commonLabels }}
{{- $labels = mergeOverwrite $labels (deepCopy .) }}
{{- end }}
{{- toYaml $labels }}
{{- end }}

{{- /* Those of a pod: without versions, so that an upgrade that changes nothing of the pods replaces none. Takes the root and a component. */}}
{{- define "vpc-mirror.podLabels" -}}
{{- $root := index . 0 }}
{{- $own := include "vpc-mirror.ownLabels" $root | fromYaml }}
{{- mergeOverwrite $own (deepCopy $root.Values.commonLabels) (deepCopy $root.Values.podLabels) (dict "app.kubernetes.io/component" (index . 1)) | toYaml }}
{{- end }}

{{- /* Only the daemon has this component: a Service that chose by the other two alone would send scrapes to the pod of `helm test`. */}}
{{- define "vpc-mirror.selectorLabels" -}}
{{ include "vpc-mirror.ownLabels" . }}
app.kubernetes.io/component: daemon
{{- end }}

{{- define "vpc-mirror.serviceAccountName" -}}
{{- .Values.serviceAccount.name | default (ternary (include "vpc-mirror.fullname" .) "default" .Values.serviceAccount.create) }}
{{- end }}

{{- define "vpc-mirror.leaseName" -}}
{{- .Values.leaderElection.leaseName | default (include "vpc-mirror.fullname" .) }}
{{- end }}

{{- define "vpc-mirror.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) }}
{{- end }}
{{- end }}

{{- define "vpc-mirror.policyConfigMap" -}}
{{- .Values.policyConfigMap.name | default (printf "%s-policy" (include "vpc-mirror.fullname" .)) }}
{{- end }}

{{- define "vpc-mirror.policyKey" -}}
{{- ternary .Values.policyConfigMap.key "policy.yaml" (ne .Values.policyConfigMap.name "") }}
{{- end }}

{{- /* Whose objects the daemon keeps: the policy's `owner`. Nothing where the policy is in a ConfigMap that is not ours to read. */}}
{{- define "vpc-mirror.owner" -}}
{{- if .Values.policy }}
{{- $policy := fromYaml .Values.policy }}
{{- with $policy.Error }}
{{- fail (printf "policy: this is no YAML (%s); `vpc-mirror check` says where" .) }}
{{- end }}
{{- required "policy: it names no owner; `vpc-mirror check` says what else is wrong" $policy.owner }}
{{- end }}
{{- end }}

{{- /* The Secret with the sampling key; nothing where there is none. */}}
{{- define "vpc-mirror.sampleKeySecret" -}}
{{- if .Values.sampleKey.existingSecret }}
{{- .Values.sampleKey.existingSecret }}
{{- else if .Values.sampleKey.generate }}
{{- printf "%s-sample-key" (include "vpc-mirror.fullname" .) }}
{{- end }}
{{- end }}

{{- /* What every process of the image finds in its environment: the daemon, `helm test`, the teardown. */}}
{{- define "vpc-mirror.env" -}}
- name: VPC_MIRROR_POLICY
  value: /etc/vpc-mirror/policy/policy.yaml
{{- if include "vpc-mirror.sampleKeySecret" . }}
- name: VPC_MIRROR_SAMPLE_KEY_FILE
  value: /etc/vpc-mirror/sample-key/sample-key
{{- end }}
- name: VPC_MIRROR_LOG_FORMAT
  value: {{ .Values.log.format }}
{{- with .Values.log.filter }}
- name: RUST_LOG
  value: {{ . | quote }}
{{- end }}
{{- with .Values.aws.region }}
- name: AWS_REGION
  value: {{ . }}
{{- end }}
{{- if not .Values.aws.instanceMetadata }}
- name: AWS_EC2_METADATA_DISABLED
  value: "true"
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* Whole folders and no subPath: a file that is mounted by subPath never changes, and the daemon follows a policy that does. */}}
{{- define "vpc-mirror.volumeMounts" -}}
- name: policy
  mountPath: /etc/vpc-mirror/policy
  readOnly: true
{{- if include "vpc-mirror.sampleKeySecret" . }}
- name: sample-key
  mountPath: /etc/vpc-mirror/sample-key
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "vpc-mirror.volumes" -}}
- name: policy
  configMap:
    name: {{ include "vpc-mirror.policyConfigMap" . }}
    items:
      - key: {{ include "vpc-mirror.policyKey" . }}
        path: policy.yaml
{{- with include "vpc-mirror.sampleKeySecret" . }}
- name: sample-key
  secret:
    secretName: {{ . }}
    defaultMode: 0440
    items:
      - key: {{ ternary $.Values.sampleKey.key "sample-key" (ne $.Values.sampleKey.existingSecret "") }}
        path: sample-key
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- /* What all our pods have in common, whatever they run. */}}
{{- define "vpc-mirror.podSpec" -}}
serviceAccountName: {{ include "vpc-mirror.serviceAccountName" . }}
# A Service named vpc-mirror would put VPC_MIRROR_PORT and the like into the environment, beside the settings of the daemon.
enableServiceLinks: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml .Values.podSecurityContext | nindent 2 }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
dnsPolicy: {{ .Values.dnsPolicy }}
{{- with .Values.dnsConfig }}
dnsConfig:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  {{- include "vpc-mirror.volumes" . | nindent 2 }}
{{- end }}

{{- /* A container of the image that runs a command to its end, and asks nothing. Takes the root, a name and the arguments. */}}
{{- define "vpc-mirror.oneShot" -}}
name: {{ .name }}
image: {{ include "vpc-mirror.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
args:
  {{- toYaml .args | nindent 2 }}
env:
  {{- include "vpc-mirror.env" .root | nindent 2 }}
{{- with .root.Values.extraEnvFrom }}
envFrom:
  {{- toYaml . | nindent 2 }}
{{- end }}
securityContext:
  {{- toYaml .root.Values.securityContext | nindent 2 }}
resources:
  {{- toYaml .root.Values.resources | nindent 2 }}
volumeMounts:
  {{- include "vpc-mirror.volumeMounts" .root | nindent 2 }}
{{- end }}
