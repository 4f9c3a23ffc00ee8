import { type LineNode, lineageWidth, type Lineage as Shape } from "../lib/parked";
import styles from "./Lineage.module.css";

const [lineY, parkedY, height] = [34, 78, 100];

function Nodes({ nodes, y, below }: { nodes: readonly LineNode[]; y: number; below: boolean }) {
  return nodes.map((node) => (
    <g key={`${node.x}`} className={node.strong ? styles.strong : undefined}>
      <circle cx={node.x} cy={y} r={node.strong ? 6 : 4.5} />
      <text x={node.x} y={below ? y + 20 : y - 14}>
        {node.label}
      </text>
    </g>
  ));
}

/** Where parked checkpoints left the line: base and head above, the parked ones beside them. */
export function Lineage({ shape }: { shape: Shape }) {
  const first = shape.parked[0]?.x ?? shape.from;
  const last = shape.parked[shape.parked.length - 1]?.x ?? first;
  const bend = `M${shape.from} ${lineY}C${shape.from + 46} ${lineY} ${first - 76} ${parkedY} ${first - 36} ${parkedY}H${last}`;
  return (
    <svg
      className={styles.lineage}
      width={lineageWidth}
      height={height}
      viewBox={`0 0 ${lineageWidth} ${height}`}
      role="img"
      aria-label={shape.sentence}
    >
      <path className={styles.line} d={`M96 ${lineY}H${lineageWidth - 10}`} />
      <path className={styles.branch} d={bend} />
      <g className={styles.head}>
        <Nodes nodes={shape.line} y={lineY} below={false} />
      </g>
      <g className={styles.parked}>
        <Nodes nodes={shape.parked} y={parkedY} below />
      </g>
      <text className={styles.side} x={0} y={lineY + 4}>
        On the line
      </text>
      <text className={styles.side} x={0} y={parkedY + 4}>
        Parked
      </text>
    </svg>
  );
}
