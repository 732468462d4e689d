// Takes Grafana's own types; gives those of a dashboard in JSON, each kind of panel with its options. What Grafana does not know is an error.
import type * as raw from '@grafana/schema/dist/esm/raw/dashboard/x/Dashboard_types.gen';
import type * as bargauge from '@grafana/schema/dist/esm/raw/composable/bargauge/panelcfg/x/BarGaugePanelCfg_types.gen';
import type * as stat from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type * as timeline from '@grafana/schema/dist/esm/raw/composable/statetimeline/panelcfg/x/StateTimelinePanelCfg_types.gen';
import type * as table from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type * as graph from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

// In JSON an enumeration is the text of its values.
type Plain<T> = T extends string
  ? `${T}`
  : T extends Array<infer U>
    ? Array<Plain<U>>
    : T extends object
      ? { [K in keyof T]: Plain<T[K]> }
      : T;

// What Prometheus' data source takes.
type Query = {
  refId: string;
  datasource: raw.DataSourceRef;
  editorMode: 'code';
  expr: string;
  format: 'table' | 'time_series';
  instant: boolean;
  range: boolean;
  legendFormat: string;
};
type OfPrometheus = { expr?: string; step?: string; titleFormat?: string; textFormat?: string; useValueForTime?: boolean };

type Described<Type extends string, Options, Custom> = Plain<Omit<raw.Panel, 'type' | 'options' | 'fieldConfig' | 'targets'>> & {
  type: Type;
  title: string;
  description: string;
  targets: Query[];
  options: Plain<Options>;
  fieldConfig: { defaults: Plain<Omit<raw.FieldConfig, 'custom'>> & { unit: string; custom?: Plain<Custom> } } & Plain<
    Pick<raw.FieldConfigSource, 'overrides'>
  >;
};

export type Row = Plain<raw.RowPanel>;
export type Panels = {
  row: Row;
  bargauge: Described<'bargauge', bargauge.Options, never>;
  stat: Described<'stat', stat.Options, never>;
  'state-timeline': Described<'state-timeline', timeline.Options, timeline.FieldConfig>;
  table: Described<'table', table.Options, table.FieldConfig>;
  timeseries: Described<'timeseries', graph.Options, graph.FieldConfig>;
};
export type Frame = Plain<Omit<raw.Dashboard, 'panels' | 'templating' | 'annotations'>> & {
  uid: string;
  templating: { list: Array<Plain<raw.VariableModel> & { definition?: string }> };
  annotations: { list: Array<Plain<raw.AnnotationQuery> & OfPrometheus> };
};
