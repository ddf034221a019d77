/** One certificate of destruction: which keys died, and whether its list gives the root that the ledger keeps. */
import { useEffect, useState } from "react";
import { type Certificate, useCertificate } from "../../api/footage";
import { Dialog } from "../../kit/Dialog";
import { count, dayMinutes } from "../../kit/format";
import { Icon } from "../../kit/Icon";
import { Answer } from "../../kit/states";
import { useFootageText } from "../../text/footage";
import { rootOver } from "./certificate";
import { bytes } from "./Kept";

/** Lines drawn at once; the root is over all of them. */
const SHOWN = 200;

export function CertificateDialog({
  certificate,
  codes,
  onClose,
}: {
  certificate: Certificate;
  codes: ReadonlyMap<string, string>;
  onClose: () => void;
}) {
  const t = useFootageText();
  const found = useCertificate(certificate.certificate_id);
  const list = found.data?.destroyed;
  const [root, setRoot] = useState<string>();
  useEffect(() => {
    let gone = false;
    if (list) void rootOver(list).then((r) => gone || setRoot(r));
    return () => {
      gone = true;
    };
  }, [list]);
  const same = root === undefined ? undefined : root === certificate.root;
  return (
    <Dialog title={t.certificate} hint={dayMinutes(certificate.destroyed_at)} width={760} onClose={onClose}>
      <dl className="kv cert-facts">
        <dt>{t.whyHead}</dt>
        <dd>{t.whyGone[certificate.why] ?? certificate.why}</dd>
        <dt>{t.amount}</dt>
        <dd className="num">
          {t.keysGone(count(certificate.keys))} · {bytes(certificate.bytes)}
        </dd>
        <dt>{t.root}</dt>
        <dd className="mono xs wrap-any">{certificate.root}</dd>
      </dl>
      {same === undefined ? null : (
        <p className={`sm fx ${same ? "t1" : "c1"}`} role="status">
          <Icon name={same ? "check" : "warning"} size={14} />
          <span>{same ? t.rootSame : t.rootOther}</span>
        </p>
      )}
      {list ? (
        <div className="cert-list">
          <table className="tbl d">
            <thead>
              <tr>
                <th>{t.camera}</th>
                <th>{t.hour}</th>
                <th className="r">{t.period}</th>
                <th className="r">{t.segments}</th>
                <th className="r">{t.size}</th>
              </tr>
            </thead>
            <tbody>
              {list.slice(0, SHOWN).map((d) => (
                <tr key={`${d.camera_id}${d.hour_at}${d.epoch}${d.days}${d.hold_id}`}>
                  <td>
                    <b className="t1">{codes.get(d.camera_id) || d.camera_id.slice(-6).toUpperCase()}</b>
                  </td>
                  <td className="num">{dayMinutes(d.hour_at)}</td>
                  <td className="r num">{d.hold_id ? t.copyOfHold : t.daysOf(d.days)}</td>
                  <td className="r num">{count(d.segments)}</td>
                  <td className="r num">{bytes(d.bytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {list.length > SHOWN ? <p className="pb xs t3">{t.moreLines(count(list.length - SHOWN))}</p> : null}
        </div>
      ) : (
        <Answer error={found.error} retry={() => void found.refetch()} what={t.certificate} />
      )}
    </Dialog>
  );
}
